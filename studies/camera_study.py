#!/usr/bin/env python3
"""Test pictures of a run before a simulated camera that nobody trained for, judged by the models of the folds.

    camera_study.py RUN [RUN...] [--hard] [--views N] [--program build/handlens] [--keep FOLDER]

Every test picture of every fold is photographed by Pillow and NumPy alone: a print held before a camera, its frame of 480 x
480 px saved as JPEG. `handlens predict --save-input` makes of it what a model sees, and Google's own interpreter asks the fold's
quantized file (uint8 in and out), which never saw the picture. Needs Pillow, NumPy and ai-edge-litert (PyPI). Printed: mean and standard deviation over folds, and all folds together with Wilson's 95 % interval, for the pictures as they are and
before the camera. RUN needs `convert` behind it. Another camera than the generator `camera` and than that of `handlens verify`.

The frame: the picture's middle square, tilted about both axes and turned by up to 15 degrees each, filling 0.6 to 1.2 of the
frame's side, shifted by up to a twentieth, before a background of one colour, a gradient or another picture of the run; light
by gain 0.7 to 1.3, gamma 0.8 to 1.25, each channel by up to 8 %; blur of up to 1.2 px, noise of up to 6 levels, JPEG quality
60 to 95. --hard doubles every deviation. One random stream a picture and view, from its hash: the same frames every time.
"""
import argparse
import hashlib
import io
import json
import math
import pathlib
import statistics
import subprocess
import tempfile

import numpy
from PIL import Image, ImageFilter, ImageOps

from intervals import wilson

SIDE = 480
ROOT = pathlib.Path(__file__).resolve().parent.parent


def opened(path):
    """Upright, RGB, its middle square."""
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    return ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.BICUBIC)


def corners(random, hard):
    """Where the corners of the print come to lie in the frame: a pinhole camera two and a half sides away."""
    yaw, pitch, roll = numpy.radians(random.uniform(-15, 15, 3) * hard)
    fill = 0.9 + random.uniform(-0.3, 0.3) * hard
    about_x = numpy.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    about_y = numpy.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    about_z = numpy.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    flat = numpy.array([[-0.5, -0.5, 0], [0.5, -0.5, 0], [0.5, 0.5, 0], [-0.5, 0.5, 0]]).T
    x, y, z = about_z @ about_y @ about_x @ flat
    distance = 2.5
    scale = fill * SIDE * distance / (distance + z)
    shift = random.uniform(-0.05, 0.05, 2) * hard * SIDE
    return numpy.stack([SIDE / 2 + shift[0] + x * scale, SIDE / 2 + shift[1] + y * scale], axis=1)


def homography(frame, print_side):
    """Pillow's eight numbers: from a place in the frame to one in the print."""
    rows, right = [], []
    for (u, v), (x, y) in zip(frame, [(0, 0), (print_side, 0), (print_side, print_side), (0, print_side)]):
        rows += [[u, v, 1, 0, 0, 0, -u * x, -v * x], [0, 0, 0, u, v, 1, -u * y, -v * y]]
        right += [x, y]
    return numpy.linalg.solve(numpy.array(rows, float), numpy.array(right, float))


def background(random, others):
    kind = random.integers(3)
    if kind == 2:
        return opened(others[random.integers(len(others))]).filter(ImageFilter.GaussianBlur(3)).rotate(180)
    ends = random.uniform(20, 235, (2 if kind == 1 else 1, 3))
    ramp = numpy.linspace(0, 1, SIDE)[:, None]
    rows = ends[0] * (1 - ramp) + ends[-1] * ramp
    return Image.fromarray(numpy.repeat(rows[:, None, :], SIDE, axis=1).astype(numpy.uint8))


def photographed(path, others, random, hard):
    """The frame's JPEG file."""
    subject = opened(path)
    places = homography(corners(random, hard), SIDE)
    frame = background(random, others)
    mask = Image.new("L", (SIDE, SIDE), 255).transform((SIDE, SIDE), Image.Transform.PERSPECTIVE, places, Image.Resampling.BILINEAR)
    frame.paste(subject.transform((SIDE, SIDE), Image.Transform.PERSPECTIVE, places, Image.Resampling.BICUBIC), (0, 0), mask)
    frame = frame.filter(ImageFilter.GaussianBlur(random.uniform(0, 1.2) * hard))
    light = numpy.asarray(frame, numpy.float64) / 255
    light = light ** (1.25 ** (random.uniform(-1, 1) * hard)) * (1 + random.uniform(-0.3, 0.3) * hard)
    light = light * (1 + random.uniform(-0.08, 0.08, 3) * hard)
    light = light * 255 + random.normal(0, 1, light.shape) * random.uniform(0, 6) * hard
    file = io.BytesIO()
    quality = int(random.uniform(95 - 35 * hard, 95))
    Image.fromarray(light.clip(0, 255).round().astype(numpy.uint8)).save(file, "JPEG", quality=quality)
    return file.getvalue()


def right(program, run, model, folder, truth):
    """How many files of `folder` the model tells right; truth: their names to label numbers."""
    from ai_edge_litert.interpreter import Interpreter
    seen = pathlib.Path(folder, "seen")
    made = subprocess.run([program, "predict", run / "model" / "quantizedmodel.tflite", folder, "--save-input", seen, "--json", "-q"],
                          check=True, capture_output=True, text=True)
    inputs = {pathlib.Path(p["path"]).name: p["saved_input"] for p in json.loads(made.stdout)["pictures"]}
    interpreter = Interpreter(str(model))
    interpreter.allocate_tensors()
    correct = 0
    for name, label in truth.items():
        pixels = numpy.asarray(Image.open(inputs[name]).convert("RGB"))
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels[None])
        interpreter.invoke()
        correct += int(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0].argmax()) == label
    return correct


def judged(run, options, hard):
    """Per fold: right before the camera, right as they are, pictures."""
    dataset = json.loads((run / "dataset.json").read_text(encoding="utf-8"))
    folds = json.loads((run / "split.json").read_text(encoding="utf-8"))["folds"]
    pictures = {p["id"]: p for p in dataset["pictures"]}
    labels = {p["id"]: dataset["labels"].index(p["label"]) for p in dataset["pictures"]}
    root = pathlib.Path(dataset["root"])
    rows = []
    for k, fold in enumerate(folds):
        model = run / "model" / "folds" / f"fold{k}_quantized.tflite"
        others = [root / pictures[i]["path"] for i in fold["test"]]
        with tempfile.TemporaryDirectory(dir=options.keep) as folder:
            plain, camera = pathlib.Path(folder, "plain"), pathlib.Path(folder, "camera")
            plain.mkdir()
            camera.mkdir()
            truth = {"plain": {}, "camera": {}}
            for number, i in enumerate(fold["test"]):
                source = root / pictures[i]["path"]
                name = f"{number}{source.suffix}"
                (plain / name).symlink_to(source)
                truth["plain"][name] = labels[i]
                for view in range(options.views):
                    seed = int.from_bytes(hashlib.sha256(f"{i} {view} {hard}".encode()).digest()[:8], "big")
                    name = f"{number}-{view}.jpg"
                    (camera / name).write_bytes(photographed(source, others, numpy.random.default_rng(seed), hard))
                    truth["camera"][name] = labels[i]
            rows.append((right(options.program, run, model, camera, truth["camera"]) / options.views,
                         right(options.program, run, model, plain, truth["plain"]), len(fold["test"])))
    return rows


def words(values, n):
    shares = [100 * v / m for v, m in zip(values, n)]
    low, high = wilson(sum(values), sum(n))
    return f"{statistics.mean(shares):.1f} ± {statistics.stdev(shares):.1f} (all folds {100 * sum(values) / sum(n):.1f} [{100 * low:.1f}, {100 * high:.1f}], n = {sum(n)})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=pathlib.Path)
    parser.add_argument("--hard", action="store_true")
    parser.add_argument("--views", type=int, default=1, help="photographs a picture")
    parser.add_argument("--program", default=str(ROOT / "build" / "handlens"))
    parser.add_argument("--keep", help="make the frames in this folder")
    options = parser.parse_args()
    for run in options.runs:
        rows = judged(run, options, 2 if options.hard else 1)
        camera, plain, n = zip(*rows)
        print(f"{run.name}: as they are {words(plain, n)}; {'hard ' if options.hard else ''}camera {words(camera, n)}", flush=True)


if __name__ == "__main__":
    main()
