"""Pictures with words planted wherever a file can hold words beside its pixels.

plant(file, kind, word): file's bytes with the word in every place that its format has. Formats: JPEG, PNG, GIF, TIFF, WebP.
"""
import struct
import zlib


def exif(word, tail=b""):
    """A TIFF directory with ImageDescription, Artist, Copyright, XPTitle, UserComment and a GPS position's place name."""
    text = word.encode() + b"\0"
    wide = word.encode("utf-16-le") + b"\0\0"
    values = [(0x010E, 2, text), (0x013B, 2, text), (0x8298, 2, text), (0x9C9B, 1, wide)]
    gps = [(0x001B, 7, b"ASCII\0\0\0" + text), (0x001C, 7, b"UNICODE\0" + wide)]
    sub = [(0x9286, 7, b"ASCII\0\0\0" + text)]
    out = bytearray(b"II*\0\x08\0\0\0")

    def directory(entries, pointers):
        at = len(out)
        size = 2 + 12 * (len(entries) + len(pointers)) + 4
        out.extend(bytes(size))
        rows = []
        for tag, kind, value in entries:
            rows.append((tag, kind, len(value), len(out)))
            out.extend(value)
        for tag, rest in pointers:
            rows.append((tag, 4, 1, directory(rest, [])))
        struct.pack_into("<H", out, at, len(rows))
        for i, row in enumerate(sorted(rows)):
            struct.pack_into("<HHII", out, at + 2 + 12 * i, *row)
        return at

    directory(values, [(0x8769, sub), (0x8825, gps)])
    return bytes(out) + tail


def xmp(word):
    return (f'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
            f'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>{word}</dc:creator></rdf:Description></rdf:RDF>'
            f'</x:xmpmeta><?xpacket end="w"?>').encode()


def iptc(word):
    text = word.encode()
    record = b"\x1c\x02\x78" + struct.pack(">H", len(text)) + text  # caption
    return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record + b"\0" * (len(record) % 2)


def jpeg(file, word):
    def segment(marker, body):
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    assert file[:2] == b"\xff\xd8"
    planted = (segment(0xE1, b"Exif\0\0" + exif(word)) + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(word)) +
               segment(0xED, iptc(word)) + segment(0xFE, word.encode()))
    return file[:2] + planted + file[2:] + b"after the end: " + word.encode()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(file, word):
    text = word.encode()
    planted = (chunk(b"tEXt", b"Author\0" + text) + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(text)) +
               chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(word)) + chunk(b"eXIf", exif(word)))
    header = 8 + 12 + 13
    return file[:header] + planted + file[header:] + text


def gif(file, word):
    text = word.encode()
    colours = 3 << ((file[10] & 7) + 1) if file[10] & 0x80 else 0
    at = 13 + colours
    return file[:at] + b"\x21\xfe" + bytes([len(text)]) + text + b"\0" + file[at:]


def tiff(file, word):
    """A new first directory at the end: the old tags, and the word as description, artist, XMP and IPTC."""
    order = "<" if file[:2] == b"II" else ">"
    first = struct.unpack(order + "I", file[4:8])[0]
    count = struct.unpack(order + "H", file[first:first + 2])[0]
    rows = [struct.unpack(order + "HHI", file[at:at + 8]) + (file[at + 8:at + 12],)
            for at in range(first + 2, first + 2 + 12 * count, 12)]
    out = bytearray(file + b"\0" * (len(file) % 2))
    for tag, kind, value in [(270, 2, word.encode() + b"\0"), (315, 2, word.encode() + b"\0"), (700, 1, xmp(word)), (33723, 7, iptc(word)[26:])]:
        rows = [row for row in rows if row[0] != tag]
        rows.append((tag, kind, len(value), struct.pack(order + "I", len(out))))
        out.extend(value + b"\0" * (len(value) % 2))
    at = len(out)
    out.extend(struct.pack(order + "H", len(rows)))
    for tag, kind, number, value in sorted(rows):
        out.extend(struct.pack(order + "HHI", tag, kind, number) + value)
    out.extend(bytes(4))
    out[4:8] = struct.pack(order + "I", at)
    return bytes(out)


def webp(file, word, width, height):
    def part(kind, body):
        return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

    picture = file[12:]
    assert picture[:4] in (b"VP8 ", b"VP8L")
    flags = 0x08 | 0x04 | (0x10 if picture[:4] == b"VP8L" else 0)
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBP" + part(b"VP8X", bytes([flags, 0, 0, 0]) + size) + picture + part(b"EXIF", exif(word)) + part(b"XMP ", xmp(word))
    return b"RIFF" + struct.pack("<I", len(body)) + body
