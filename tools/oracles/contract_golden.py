#!/usr/bin/env python3
"""Makes apps/contract/golden: the pixel contract's golden vectors, by an oracle that shares no code with src/pixels.

Needs Pillow 13 (decoding, resizing, turning) and numpy (camera frames). Run: contract_golden.py apps/contract/golden
Layout: manifest.json lists the vectors; vectors.bin holds all raw bytes, which the manifest names as [offset, length];
pictures that a target must decode are files of their own. The same command gives the same bytes.
"""
import hashlib
import io
import json
import pathlib
import sys

import numpy as np
from PIL import Image, ImageOps

BILINEAR = Image.Resampling.BILINEAR
FITS = ["crop", "stretch", "letterbox"]
folder = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(20240607)
blob = bytearray()
vectors = []


def put(data):
    offset = len(blob)
    blob.extend(bytes(data))
    return [offset, len(data)]


def picture(width, height, kind):
    if kind == "noise":
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if kind == "checks":  # extremes, where rounding and clipping show
        return (rng.integers(0, 2, (height, width, 3)) * 255).astype(np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // max(1, width - 1), y * 255 // max(1, height - 1), (x * 7 + y * 13) % 256], -1).astype(np.uint8)


def fit_resize(pixels, n, fit):
    height, width, _ = pixels.shape
    image = Image.fromarray(pixels)
    if fit == "crop":
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    elif fit == "letterbox":
        side = max(width, height)
        canvas = Image.new("RGB", (side, side))
        canvas.paste(image, ((side - width) // 2, (side - height) // 2))
        image = canvas
    else:  # Pillow 13 may run the vertical pass first; two calls fix the order
        image = image.resize((n, image.height), BILINEAR)
    return np.asarray(image.resize((n, n), BILINEAR))


def add_resizes():
    shapes = [(1, 1), (1, 7), (9, 1), (2, 3), (3, 5), (13, 17), (31, 12), (16, 16), (32, 24), (25, 40), (64, 48), (57, 91), (1, 300)]
    for index, (width, height) in enumerate(shapes):
        pixels = picture(width, height, ["noise", "checks", "ramp"][index % 3])
        place = put(pixels.tobytes())
        for n in (1, 5, 16, 24):
            for fit in FITS:
                vectors.append({"kind": "fit_resize", "width": width, "height": height, "n": n, "fit": fit, "rgb": place,
                                "expected": put(fit_resize(pixels, n, fit).tobytes())})
    pixels = picture(160, 120, "noise")
    place = put(pixels.tobytes())
    for n, fit in [(50, "crop"), (64, "stretch"), (48, "letterbox")]:
        vectors.append({"kind": "fit_resize", "width": 160, "height": 120, "n": n, "fit": fit, "rgb": place,
                        "expected": put(fit_resize(pixels, n, fit).tobytes())})


def add_turns():
    pixels = picture(5, 3, "noise")
    place = put(pixels.tobytes())
    for degrees in (0, 90, 180, 270):
        vectors.append({"kind": "rotate", "width": 5, "height": 3, "degrees": degrees, "rgb": place,
                        "expected": put(np.rot90(pixels, -degrees // 90).tobytes())})
    ways = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270", 7: "TRANSVERSE",
            8: "ROTATE_90"}
    for orientation in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9):
        image = Image.fromarray(pixels)
        if orientation in ways:
            image = image.transpose(getattr(Image.Transpose, ways[orientation]))
        vectors.append({"kind": "orient", "width": 5, "height": 3, "orientation": orientation, "rgb": place,
                        "expected": put(np.asarray(image).tobytes())})


def yuv_to_rgb(y, u, v):
    """BT.601 full range in 64-bit integers; chroma of pixel (x, y) at (x // 2, y // 2)."""
    height, width = y.shape
    rows, columns = np.arange(height) // 2, np.arange(width) // 2
    y, u, v = y.astype(np.int64), u.astype(np.int64)[rows][:, columns] - 128, v.astype(np.int64)[rows][:, columns] - 128
    red = y + (91881 * v + 32768) // 65536
    green = y - (22554 * u + 46802 * v + 32768) // 65536
    blue = y + (116130 * u + 32768) // 65536
    return np.clip(np.stack([red, green, blue], -1), 0, 255).astype(np.uint8)


def strided(plane, row_stride, pixel_stride):
    """A plane as the camera gives it: padding is noise, and nothing follows the last pixel."""
    height, width = plane.shape
    memory = rng.integers(0, 256, (height - 1) * row_stride + (width - 1) * pixel_stride + 1, dtype=np.uint8)
    for row in range(height):
        memory[row * row_stride + np.arange(width) * pixel_stride] = plane[row]
    return memory


def add_frames():
    cases = [(1, 1, 1, 1, 1, 1), (2, 2, 2, 1, 2, 2), (7, 5, 7, 1, 4, 1), (16, 12, 20, 1, 11, 1), (15, 11, 16, 1, 16, 2),
             (33, 9, 70, 2, 64, 3), (24, 32, 32, 1, 32, 2)]
    for width, height, y_row, y_pixel, uv_row, uv_pixel in cases:
        y = rng.integers(0, 256, (height, width), dtype=np.uint8)
        shape = ((height + 1) // 2, (width + 1) // 2)
        u, v = rng.integers(0, 256, shape, dtype=np.uint8), rng.integers(0, 256, shape, dtype=np.uint8)
        vectors.append({"kind": "yuv", "width": width, "height": height, "y_row_stride": y_row, "y_pixel_stride": y_pixel,
                        "uv_row_stride": uv_row, "uv_pixel_stride": uv_pixel, "y": put(strided(y, y_row, y_pixel).tobytes()),
                        "u": put(strided(u, uv_row, uv_pixel).tobytes()), "v": put(strided(v, uv_row, uv_pixel).tobytes()),
                        "expected": put(yuv_to_rgb(y, u, v).tobytes())})


def white(image):
    """Section 1: straight alpha over white; 16 bits by their high byte."""
    if image.mode.startswith("I;16"):
        return np.repeat((np.asarray(image).astype(int) >> 8)[..., None], 3, 2).astype(np.uint8)
    if image.mode in ("RGBA", "LA") or "transparency" in image.info:
        rgba = np.asarray(image.convert("RGBA")).astype(int)
        alpha = rgba[..., 3:]
        return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.asarray(image.convert("RGB"))


def add_file(name, image, bound, **options):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG" if name.endswith("jpg") else "PNG", **options)
    (folder / name).write_bytes(buffer.getvalue())
    upright = ImageOps.exif_transpose(Image.open(buffer))
    pixels = white(upright)
    vectors.append({"kind": "decode", "file": name, "width": pixels.shape[1], "height": pixels.shape[0], "bound": bound,
                    "expected": put(pixels.tobytes())})


def add_files():
    rgb = Image.fromarray(picture(19, 13, "ramp"))
    noise = rng.integers(0, 256, (11, 17, 4), dtype=np.uint8)
    palette = rgb.quantize(16)
    grey16 = Image.fromarray(rng.integers(0, 65536, (9, 10)).astype(np.uint16))
    add_file("rgb.png", rgb, 0)
    add_file("grey.png", rgb.convert("L"), 0)
    add_file("bilevel.png", rgb.convert("1"), 0)
    add_file("palette.png", palette, 0)
    add_file("palette_transparent.png", palette, 0, transparency=3)
    add_file("rgba.png", Image.fromarray(noise), 0)
    add_file("grey_alpha.png", Image.fromarray(np.ascontiguousarray(noise[..., 2:])), 0)
    add_file("grey16.png", grey16, 0)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        add_file(f"orientation_{orientation}.png", rgb, 0, exif=exif)
        add_file(f"orientation_{orientation}.jpg", Image.fromarray(picture(24, 16, "ramp")), 3, exif=exif, quality=95, subsampling=0)
    add_file("grey.jpg", rgb.convert("L"), 3, quality=90)
    add_file("chroma_half.jpg", rgb, 3, quality=90, subsampling=2)
    add_file("progressive.jpg", rgb, 3, quality=90, progressive=True)


folder.mkdir(parents=True, exist_ok=True)
vectors.append({"kind": "feed_float", "bytes": put(bytes(range(256))),
                "expected": put((np.arange(256, dtype=np.float32) / np.float32(255)).astype("<f4").tobytes())})
add_resizes()
add_turns()
add_frames()
add_files()
for number, vector in enumerate(vectors):
    vector["id"] = number
(folder / "vectors.bin").write_bytes(blob)
record = {"format": "handlens-golden", "version": 1, "contract_version": 1, "oracle": f"Pillow {Image.__version__}, numpy",
          "vectors_bin_sha256": hashlib.sha256(blob).hexdigest(), "count": len(vectors)}
text = json.dumps(record, indent=2)[:-2] + ',\n  "vectors": [\n' + ",\n".join("    " + json.dumps(v) for v in vectors) + "\n  ]\n}\n"
(folder / "manifest.json").write_text(text)
print(len(vectors), "vectors,", len(blob), "bytes")
