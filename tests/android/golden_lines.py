#!/usr/bin/env python3
"""Writes the golden vectors of the pixel contract as plain lines for pixels_golden.cc. Usage: golden_lines.py MANIFEST"""
import json
import sys

KEYS = {
    "fit_resize": (["width", "height", "n", "fit"], ["rgb"]),
    "rotate": (["width", "height", "degrees"], ["rgb"]),
    "orient": (["width", "height", "orientation"], ["rgb"]),
    "yuv": (["y_row_stride", "y_pixel_stride", "uv_row_stride", "uv_pixel_stride", "width", "height"], ["y", "u", "v"]),
    "feed_float": ([], ["bytes"]),
}
FITS = {"crop": 0, "stretch": 1, "letterbox": 2}

for vector in json.load(open(sys.argv[1], encoding="utf-8"))["vectors"]:
    if vector["kind"] == "decode":
        continue  # files are decoded by the platform, not by the contract's native part
    numbers, places = KEYS[vector["kind"]]
    values = [FITS.get(vector[key], vector[key]) for key in numbers]
    inputs = [vector[key][0] for key in places]
    print(vector["kind"], *vector["expected"], len(values), *values, len(inputs), *inputs)
