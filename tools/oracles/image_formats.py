#!/usr/bin/env python3
"""Makes src/image/testdata: small files of every format with the pixels that Pillow reads from them.

Run: image_formats.py src/image/testdata   (Pillow 13 and numpy). expected.json lists file, size and bound; the upright RGB
bytes lie one after the other in expected.bin.
"""
import io
import json
import pathlib
import sys

import numpy as np
from PIL import Image, ImageOps

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(11)
y, x = np.mgrid[0:14, 0:21]
RGB = Image.fromarray(np.stack([x * 12, y * 18, (x * 7 + y * 13) % 256], -1).astype(np.uint8))
RGBA = Image.fromarray(rng.integers(0, 256, (10, 15, 4), dtype=np.uint8))
GREY16 = Image.fromarray(rng.integers(0, 65536, (9, 10)).astype(np.uint16))
blob, entries = bytearray(), []


def white(image):
    if image.mode.startswith("I;16"):
        return np.repeat((np.asarray(image).astype(int) >> 8)[..., None], 3, 2).astype(np.uint8)
    if image.mode in ("RGBA", "LA") or "transparency" in image.info:
        rgba = np.asarray(image.convert("RGBA")).astype(int)
        alpha = rgba[..., 3:]
        return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.asarray(image.convert("RGB"))


def add(name, image, form, bound=0, **options):
    buffer = io.BytesIO()
    image.save(buffer, format=form, **options)
    (folder / name).write_bytes(buffer.getvalue())
    read = Image.open(buffer)
    read.seek(0)
    pixels = white(ImageOps.exif_transpose(read))
    entries.append({"file": name, "format": form.replace("WEBP", "WebP"), "width": pixels.shape[1], "height": pixels.shape[0],
                    "bound": bound, "frames": getattr(read, "n_frames", 1)})
    blob.extend(pixels.tobytes())


exif = Image.Exif()
exif[0x0112] = 6
palette = RGB.quantize(16)
for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
    add(f"rgb_{compression}.tif", RGB, "TIFF", compression=compression)
add("grey.tif", RGB.convert("L"), "TIFF")
add("grey16.tif", GREY16, "TIFF")
add("bilevel_g4.tif", RGB.convert("1"), "TIFF", compression="group4")
add("palette.tif", palette, "TIFF")
add("cmyk.tif", RGB.convert("CMYK"), "TIFF")
add("rgba.tif", RGBA, "TIFF")
add("turned.tif", RGB, "TIFF", exif=exif)
add("pages.tif", RGB, "TIFF", save_all=True, append_images=[RGB, RGB])
add("lossless.webp", RGB, "WEBP", lossless=True)
add("lossless_alpha.webp", RGBA, "WEBP", lossless=True, exact=True)
add("lossy.webp", RGB, "WEBP", bound=2, quality=90)
add("turned.webp", RGB, "WEBP", lossless=True, exif=exif)
add("animated.webp", RGB, "WEBP", lossless=True, save_all=True, append_images=[RGB.rotate(180)], duration=50)
add("still.gif", palette, "GIF")
add("transparent.gif", palette, "GIF", transparency=2)
add("animated.gif", palette, "GIF", save_all=True, append_images=[palette.rotate(180)], duration=50)
add("rgb.bmp", RGB, "BMP")
add("grey.bmp", RGB.convert("L"), "BMP")
add("bilevel.bmp", RGB.convert("1"), "BMP")
add("palette.bmp", palette, "BMP")
add("cmyk.jpg", RGB.convert("CMYK"), "JPEG", bound=3, quality=95)
(folder / "expected.bin").write_bytes(blob)
record = {"format": "handlens-image-testdata", "version": 1, "files": entries}
(folder / "expected.json").write_text(json.dumps(record, indent=1) + "\n")
print(len(entries), "files,", len(blob), "bytes of pixels")
