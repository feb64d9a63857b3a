#!/usr/bin/env python3
"""Reads the words of packed projects back and runs their C code through the calls that Swift and Dart make.

Usage: check.py FOLDER, a folder of packed projects (pack_projects.cc). Needs cc and cmake.
"""
import ctypes
import json
import pathlib
import plistlib
import re
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
import zlib

ANDROID = "{http://schemas.android.com/apk/res/android}"


def plist(path):
    return plistlib.loads(path.read_bytes())


def check(condition, what):
    if not condition:
        sys.exit(f"{what}")


def check_words(sample):
    """The name, the labels and the ids stand in every file as they were given."""
    words = json.loads((sample / "words.json").read_text(encoding="utf-8"))
    # What Xcode would take for one of its settings has another dollar; control characters are left out.
    shown = re.sub(r"[\x00-\x1f\x7f]", "", re.sub(r"\$(?=[({])", "\uff04", words["name"]))
    ios, flutter = sample / "ios", sample / "flutter"
    info = plist(ios / "App/Info.plist")
    check(info["CFBundleDisplayName"] == shown, f"{ios}: the name is {info['CFBundleDisplayName']!r}")
    check((info["CFBundleShortVersionString"], info["CFBundleVersion"]) == ("2.5.0", "7"), f"{ios}: the version")
    check("NSCameraUsageDescription" in info, f"{ios}: no word on why it wants the camera: iOS would end the app")
    runner = plist(flutter / "ios/Runner/Info.plist")
    check(runner["CFBundleDisplayName"] == shown, f"{flutter}: the name is {runner['CFBundleDisplayName']!r}")
    for key in ("NSCameraUsageDescription", "NSPhotoLibraryUsageDescription"):
        check(runner[key], f"{flutter}: {key}")
    for path in (flutter / "macos/Runner").glob("*.entitlements"):
        check(plist(path)["com.apple.security.app-sandbox"] is True, path)
    privacy = plist(ios / "App/PrivacyInfo.xcprivacy")
    check(privacy["NSPrivacyTracking"] is False and privacy["NSPrivacyCollectedDataTypes"] == [], "the privacy manifest")
    manifest = xml.etree.ElementTree.parse(flutter / "android/app/src/main/AndroidManifest.xml").getroot()
    label = manifest.find("application").get(ANDROID + "label")
    # An XML reader makes a space of a line feed in an attribute; Android takes back \\ and \@.
    android = re.sub(r"[\n\t\r]", " ", words["name"])
    check(re.sub(r"\\(.)", r"\1", label) == android, f"{flutter}: the label is {label!r}")
    pubspec = dict(line.split(": ", 1) for line in (flutter / "pubspec.yaml").read_text(encoding="utf-8").splitlines() if re.match(r"\w+: ", line))
    check(json.loads(re.sub(r"\\x(..)", r"\\u00\1", pubspec["description"])) == words["name"], f"{flutter}: {pubspec['description']}")
    check((pubspec["name"], pubspec["version"]) == ("leaf_guide", "2.5.0+7"), f"{flutter}: {pubspec}")
    for bundle in (ios / "bundle", flutter / "assets/bundle"):
        app = json.loads((bundle / "app.json").read_text(encoding="utf-8"))
        check(app["name"] == words["name"] and app["preprocess"]["labels"] == words["labels"], f"{bundle}: the words")
        check(not (bundle / "model.tflite").exists(), f"{bundle}: carries the model twice")
    for path in [*ios.rglob("*"), *flutter.rglob("*")]:
        if path.is_file() and b"HANDLENS_VERSION_NAME" in path.read_bytes() and "HANDLENS_VERSION_NAME" not in words["name"]:
            sys.exit(f"{path}: a word was not filled in")
    return words


def placeholders(text):
    """What a format asks for, by place: '%1$@ %2$.4f' -> {1: '@', 2: 'f'}."""
    found, count = {}, 0
    for place, kind in re.findall(r"%(?:(\d+)\$)?[\d.]*(l?[df@])", text.replace("%%", "")):
        count += 1
        found[int(place) if place else count] = kind
    return found


def check_texts(ios, flutter):
    """Both languages have the same texts with the same values in them, and the code asks for no other."""
    tables = {}
    for language in ("en", "de"):
        text = (ios / f"App/{language}.lproj/Localizable.strings").read_text(encoding="utf-8")
        lines = re.findall(r'^"([a-z_]+)" = "((?:[^"\\]|\\.)*)";$', text, re.M)
        check(len(lines) == len(text.splitlines()), f"Localizable.strings of {language}: a line that is none")
        tables[language] = dict(lines)
    check(tables["en"].keys() == tables["de"].keys(), "Localizable.strings: other keys in German")
    for key, english in tables["en"].items():
        check(placeholders(english) == placeholders(tables["de"][key]), f"Localizable.strings: {key}: other values in German")
    swift = "".join(path.read_text(encoding="utf-8") for path in (ios / "App").glob("*.swift"))
    asked = set(re.findall(r'\bt\("([a-z_]+[a-z])"', swift)) | set(re.findall(r'Problem\("([a-z_]+)"\)', swift))
    check(asked <= tables["en"].keys(), f"Swift asks for {asked - tables['en'].keys()}")
    unused = {key for key in tables["en"] if f'"{key}"' not in swift and not key.startswith("field_")}
    check(not unused, f"texts that nothing shows: {unused}")
    for values in re.findall(r'"field_" \+ (\w+)', swift):
        check(values in {"value", "distance", "place", "background"}, values)
    dart = (flutter / "lib/words.dart").read_text(encoding="utf-8")
    both = [dict(re.findall(r"^  '([a-z_]+)': '((?:[^'\\]|\\.)*)',$", part, re.M)) for part in dart.split("const german")]
    check(len(both) == 2 and both[0].keys() == both[1].keys() and len(both[0]) > 30, "words.dart: other keys in German")
    for key, english in both[0].items():
        check(set(re.findall(r"\{\d\}", english)) == set(re.findall(r"\{\d\}", both[1][key])), f"words.dart: {key}")
    code = "".join(path.read_text(encoding="utf-8") for path in (flutter / "lib").glob("*.dart") if path.name != "words.dart")
    asked = set(re.findall(r"'((?:problem|check|about|truth|right|wrong|choose)_[a-z_]+)'", code)) | set(re.findall(r"\bt\('([a-z_]+)'", code))
    record = (flutter / "lib/phone_record.dart").read_text(encoding="utf-8")
    for name in ("distances", "places", "backgrounds"):
        asked |= {f"field_{word}" for word in re.findall(r"'(\w+)'", re.search(rf"const {name} = \[(.*?)\];", record)[1])}
    check(asked <= both[0].keys(), f"Dart asks for {asked - both[0].keys()}")
    unused = {key for key in both[0] if f"'{key}'" not in code and key not in asked}
    check(not unused, f"Dart's texts that nothing shows: {unused}")
    return len(tables["en"]), len(both[0])


def read_png(data):
    """(width, height, rgb) of an 8-bit RGB PNG."""
    at, pixels = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            check((depth, colour) == (8, 2), "a check picture that is not 8-bit RGB")
        if kind == b"IDAT":
            pixels += body
        at += 12 + size
    raw, step = zlib.decompress(pixels), width * 3
    rows, above = [], bytes(step)
    for y in range(height):
        how, row = raw[y * (step + 1)], bytearray(raw[y * (step + 1) + 1:(y + 1) * (step + 1)])
        for x in range(step):
            a, b, c = row[x - 3] if x >= 3 else 0, above[x], above[x - 3] if x >= 3 else 0
            nearest = min((a, b, c), key=lambda value: (abs(a + b - c - value), (a, b, c).index(value)))
            row[x] = (row[x] + (0, a, b, (a + b) // 2, nearest)[how]) & 255
        rows.append(bytes(row))
        above = rows[-1]
    return width, height, b"".join(rows)


class Layout(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in ("width", "height", "row_bytes", "pixel_bytes", "red", "green", "blue", "alpha")]


class Yuv(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in "yuv"] + [(name, ctypes.c_int) for name in (
        "y_row_stride", "y_pixel_stride", "uv_row_stride", "uv_pixel_stride", "width", "height")]


class Light(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in ("mean", "spread", "change")]


def load(path):
    library = ctypes.CDLL(str(path))
    library.handlens_ffi_label.restype = ctypes.c_char_p
    library.handlens_ffi_model_sha256.restype = ctypes.c_char_p
    library.handlens_ffi_arena_bytes.restype = ctypes.c_size_t
    library.hl_fit_resize_scratch.restype = ctypes.c_size_t
    library.handlens_ffi_flatten.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(Layout), ctypes.c_char_p]
    library.hl_feed_float.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p]
    return library


def run_model(library, bundle):
    """The held-out pictures' scores, and what says that code and bundle belong together."""
    app = json.loads((bundle / "app.json").read_text(encoding="utf-8"))
    side, labels = library.handlens_ffi_side(), app["preprocess"]["labels"]
    check(side == app["preprocess"]["size_px"], "the side")
    check([library.handlens_ffi_label(i).decode() for i in range(library.handlens_ffi_classes())] == labels, "the labels in C")
    check(library.handlens_ffi_label(-1) is None and library.handlens_ffi_label(len(labels)) is None, "labels that are none")
    check(library.handlens_ffi_model_sha256().decode() == app["model_sha256"], "the model's hash")
    size = library.handlens_ffi_arena_bytes() + 16
    memory = ctypes.create_string_buffer(size)
    aligned = ctypes.c_void_p((ctypes.addressof(memory) + 15) & ~15)
    held = json.loads((bundle / "check/check.json").read_text(encoding="utf-8"))["pictures"]
    for picture in held:
        width, height, rgb = read_png((bundle / "check" / picture["file"]).read_bytes())
        check((width, height) == (side, side), picture["file"])
        scores = (ctypes.c_float * len(labels))()
        check(library.handlens_ffi_classify(rgb, aligned, scores) == 0, "classify")
        check(list(scores) == [ctypes.c_float(score).value for score in picture["scores"]], f"{picture['file']}: {list(scores)}, not {picture['scores']}")
    return len(held)


def run_golden(library, golden):
    """Every golden vector that needs no decoder, by the calls that Swift and Dart make."""
    manifest = json.loads((golden / "manifest.json").read_text(encoding="utf-8"))
    everything = (golden / "vectors.bin").read_bytes()
    ran = 0
    for vector in manifest["vectors"]:
        part = lambda name: everything[vector[name][0]:vector[name][0] + vector[name][1]]
        expected, kind = part("expected"), vector["kind"]
        out = ctypes.create_string_buffer(len(expected))
        width, height = vector.get("width"), vector.get("height")
        if kind == "fit_resize":
            fit = ("crop", "stretch", "letterbox").index(vector["fit"])
            scratch = (ctypes.c_double * (library.hl_fit_resize_scratch(width, height, vector["n"], fit) // 8 + 1))()
            status = library.hl_fit_resize(part("rgb"), width, height, vector["n"], fit, out, scratch)
        elif kind == "rotate":
            status = library.hl_rotate(part("rgb"), width, height, vector["degrees"], out)
        elif kind == "orient":
            status = library.hl_orient(part("rgb"), width, height, vector["orientation"], out)
        elif kind == "yuv":
            frame = Yuv(part("y"), part("u"), part("v"), *(vector[name] for name in (
                "y_row_stride", "y_pixel_stride", "uv_row_stride", "uv_pixel_stride")), width, height)
            status = library.hl_yuv_to_rgb(ctypes.byref(frame), out)
            layout = (ctypes.c_int32 * 6)(*(getattr(frame, name) for name, _ in Yuv._fields_[3:]))
            again = ctypes.create_string_buffer(len(expected))
            library.handlens_ffi_yuv_to_rgb(part("y"), part("u"), part("v"), layout, again)
            check(again.raw == out.raw, "yuv through the shim")
        elif kind == "feed_float":
            library.hl_feed_float(part("bytes"), len(part("bytes")), out)
            status = 0
        else:
            continue
        check(status == 0 and out.raw == expected, f"golden vector {vector['id']} ({kind})")
        ran += 1
    return ran


def run_rest(library):
    """The arithmetic of handlens_ffi.c against Python's."""
    width, height, pixel, row = 5, 3, 4, 23
    source = bytes((i * 37 + i // 7) % 256 for i in range(row * height))
    for red, green, blue, alpha in ((0, 1, 2, 3), (2, 1, 0, -1), (1, 2, 3, 0), (0, 0, 0, 1)):
        layout = Layout(width, height, row, pixel, red, green, blue, alpha)
        out = ctypes.create_string_buffer(width * height * 3)
        check(library.handlens_ffi_flatten(source, len(source), ctypes.byref(layout), out) == 0, "flatten")
        for y in range(height):
            for x in range(width):
                at = source[y * row + x * pixel:][:pixel]
                a = 255 if alpha < 0 else at[alpha]
                wanted = bytes((at[c] * a + 255 * (255 - a) + 127) // 255 for c in (red, green, blue))
                check(out.raw[(y * width + x) * 3:][:3] == wanted, f"flatten at {x}, {y}")
    for wrong in (Layout(5, 3, 19, 4, 0, 1, 2, 3), Layout(5, 4, 23, 4, 0, 1, 2, 3), Layout(5, 3, 23, 4, 0, 1, 4, 3),
                  Layout(0, 3, 23, 4, 0, 1, 2, 3), Layout(5, 3, 23, 4, 0, -1, 2, 3), Layout(5, 3, 23, 4, 0, 1, 2, 4)):
        check(library.handlens_ffi_flatten(source, len(source), ctypes.byref(wrong), out) == 1, "flatten takes an impossible layout")
    wide = ctypes.create_string_buffer(8)
    library.handlens_ffi_widen(b"\x01\x02\x03\x04\x05\x06", ctypes.c_size_t(2), wide)
    check(wide.raw == b"\x01\x02\x03\xff\x04\x05\x06\xff", "widen")
    light = Light()
    library.handlens_ffi_measure(bytes([10, 20, 60]), bytes([10, 0, 0]), ctypes.c_size_t(3), ctypes.byref(light))
    check((light.mean, light.spread, light.change) == (30, 20, 26), "measure")
    library.handlens_ffi_measure(bytes([10, 20, 60]), None, ctypes.c_size_t(3), ctypes.byref(light))
    check(light.change == 0, "measure without a frame before")
    difference = (ctypes.c_int64 * 2)()
    library.handlens_ffi_compare(bytes([1, 2, 3]), bytes([1, 5, 2]), ctypes.c_size_t(3), difference)
    check(list(difference) == [2, 3], "compare")
    low, high = ctypes.c_double(), ctypes.c_double()
    # Wilson 1927 by another form of the formula: the two roots of (p - x)^2 = z^2 x (1 - x) / n.
    for right, n in ((7, 9), (0, 5), (5, 5), (208, 222)):
        library.handlens_ffi_interval(right, n, ctypes.byref(low), ctypes.byref(high))
        p, z2 = right / n, 1.959963984540054 ** 2
        for x in (low.value, high.value):
            check(abs((p - x) ** 2 - z2 * x * (1 - x) / n) < 1e-12, f"interval of {right} of {n}: {x}")
        check(low.value <= p <= high.value, "interval")
    library.handlens_ffi_interval(0, 0, ctypes.byref(low), ctypes.byref(high))
    check((low.value, high.value) == (0, 1), "interval of nothing")


def build(sample, work):
    """The C code of both projects as shared libraries: Flutter's by its own CMake files, the iPhone's by the compiler."""
    native = sample / "ios/native"
    iphone = work / "libiphone.so"
    subprocess.run(["cc", "-std=c11", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", iphone,
                    *sorted(native.glob("*.c")), "-lm"], check=True)
    folder = work / "flutter"
    subprocess.run(["cmake", "-Wno-dev", "-S", sample / "flutter/native_model/linux", "-B", folder], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", folder], check=True, stdout=subprocess.DEVNULL)
    return [(iphone, sample / "ios/bundle", sample / "ios/golden"),
            (folder / "shared/libnative_model.so", sample / "flutter/assets/bundle", sample / "flutter/assets/golden")]


def main():
    pictures = vectors = 0
    for sample in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        check_words(sample)
        texts = check_texts(sample / "ios", sample / "flutter")
        with tempfile.TemporaryDirectory() as work:
            for path, bundle, golden in build(sample, pathlib.Path(work)):
                library = load(path)
                pictures += run_model(library, bundle)
                vectors += run_golden(library, golden)
                run_rest(library)
    check(pictures == 12 and vectors == 4 * 181, f"{pictures} pictures and {vectors} vectors were run")
    print(f"words of 4 projects read back, {texts[0]} and {texts[1]} texts in two languages; {pictures} pictures with the computer's "
          f"scores, {vectors} golden vectors through the C code")


if __name__ == "__main__":
    main()
