#!/usr/bin/env python3
"""Makes src/image/testdata/heif: small HEIC and AVIF files with the pixels that Pillow reads from them.

Run: image_heif.py src/image/testdata/heif   (Pillow 13 with its own AVIF reader, pillow-heif 1.8.1 for HEIC, numpy).
expected.json lists file, size and bound; the upright RGB bytes lie one after the other in expected.bin. A file that is turned
carries EXIF's orientation too, as phones write it: whoever obeys both turns it twice.
"""
import io
import json
import pathlib
import sys

import numpy as np
import pillow_heif
from PIL import Image, ImageOps

pillow_heif.register_heif_opener()
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
y, x = np.mgrid[0:46, 0:68]
RGB = Image.fromarray(np.stack([x * 3, y * 5, 255 - x * 2 - y * 2], -1).astype(np.uint8))
RGBA = RGB.convert("RGBA")
RGBA.putalpha(Image.fromarray((x * 3).astype(np.uint8)))
blob, entries = bytearray(), []


def white(image):
    if image.mode == "RGBA":
        rgba = np.asarray(image).astype(int)
        alpha = rgba[..., 3:]
        return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.asarray(image.convert("RGB"))


def add(name, data, form, bound, upright):
    """`upright` is the picture that was saved: what the reader says must look like it, or the oracle itself is wrong."""
    (folder / name).write_bytes(data)
    pixels = white(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    far = np.abs(pixels.astype(int) - white(upright).astype(int)).max()
    assert far <= 24, (name, far)
    entries.append({"file": name, "format": form, "width": pixels.shape[1], "height": pixels.shape[0], "bound": bound,
                    "frames": getattr(Image.open(io.BytesIO(data)), "n_frames", 1)})
    blob.extend(pixels.tobytes())


def saved(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, format=form, **options)
    return buffer.getvalue()


def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


add("plain.heic", saved(RGB, "HEIF", quality=95), "HEIC", 4, RGB)
add("full_colour.heic", saved(RGB, "HEIF", quality=95, chroma=444), "HEIC", 3, RGB)
add("alpha.heic", saved(RGBA, "HEIF", quality=95), "HEIC", 4, RGBA)
for orientation, way in ((6, Image.Transpose.ROTATE_270), (3, Image.Transpose.ROTATE_180), (5, Image.Transpose.TRANSPOSE)):
    upright = RGB.transpose(way)
    add(f"turned{orientation}.heic", saved(RGB, "HEIF", quality=95, exif=exif(orientation)), "HEIC", 4, upright)
several = pillow_heif.HeifFile()
several.add_from_pillow(RGB)
several.add_from_pillow(RGB.transpose(Image.Transpose.ROTATE_180))
buffer = io.BytesIO()
several.save(buffer, quality=95)
add("several.heic", buffer.getvalue(), "HEIC", 4, RGB)
# Two libraries draw halved colours up in two ways.
add("plain.avif", saved(RGB, "AVIF", quality=95), "AVIF", 8, RGB)
add("full_colour.avif", saved(RGB, "AVIF", quality=95, subsampling="4:4:4"), "AVIF", 3, RGB)
add("alpha.avif", saved(RGBA, "AVIF", quality=95), "AVIF", 8, RGBA)
add("turned6.avif", saved(RGB, "AVIF", quality=95, exif=exif(6)), "AVIF", 8, RGB.transpose(Image.Transpose.ROTATE_270))
(folder / "expected.bin").write_bytes(blob)
record = {"format": "handlens-image-testdata", "version": 1, "files": entries}
(folder / "expected.json").write_text(json.dumps(record, indent=1) + "\n")
print(len(entries), "files,", len(blob), "bytes of pixels")
