#!/usr/bin/env python3
"""Whether the doctor finds on real models what was planted there, and nothing in healthy ones.

Usage: studies/doctor.py HANDLENS DATA WORK [--sets NAME,...] [--model NAME] [--size PX] [--generator NAME] [--each N]
DATA holds the folders of pictures (flowers, trashnet, ...), one folder a class. Of each class, every third picture is
kept from training; the doctor sees only those. A model learns the others as they are (healthy), and others learn them
with one defect that Pillow plants: red and blue exchanged, stretched, the nearest pixel, saved as small JPEGs, lying on
their side as their files store them. The healthy model's files get wrong words, alone and in pairs: the labels'
order, the scale in the metadata. Prints Markdown: answers that are right as the file says and repaired, and what the
doctor found. A planted form that would win fewer than two pictures in a hundred is harmless, and rightly not found. WORK is continued when called again. docs/studies/doctor.md says when it was run.
"""
import argparse
import io
import itertools
import json
import pathlib
import struct
import subprocess
import zipfile

from PIL import Image, ImageOps

KINDS = (".jpg", ".jpeg", ".png")


def split(source, each):
    """Pictures to learn and to examine, by class."""
    learn, examine = [], []
    for folder in sorted(p for p in source.iterdir() if p.is_dir()):
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in KINDS)[: each * 3 // 2]
        learn += [(folder.name, p) for i, p in enumerate(files) if i % 3 != 2]
        examine += [(folder.name, p) for i, p in enumerate(files) if i % 3 == 2]
    return learn, examine


def upright(path):
    return ImageOps.exif_transpose(Image.open(path)).convert("RGB")


def square(picture):
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def blue_first(picture, _):
    red, green, blue = picture.split()
    return Image.merge("RGB", (blue, green, red))


def stretched(picture, _):
    side = max(picture.size)
    return picture.resize((side, side), Image.BICUBIC)


def nearest(picture, size):
    return square(picture).resize((size, size), Image.NEAREST)


def small_jpeg(picture, size):
    stream = io.BytesIO()
    square(picture).resize((size, size), Image.BOX).save(stream, "JPEG")
    return Image.open(stream).convert("RGB")


def on_its_side(picture, _):
    return picture.transpose(Image.ROTATE_90)


LEARNT = {"channels": blue_first, "fit": stretched, "resize": nearest, "saved": small_jpeg, "exif": on_its_side}
# What the doctor calls the form that such a model learnt, where it lists what an app could get wrong.
CALLED = {"channels": "blue first", "fit": "fit stretch", "resize": "resized from the nearest pixel",
          "saved": "saved once more as small JPEGs", "exif": "EXIF orientation ignored"}


def write(pictures, folder, change, size):
    if folder.exists():
        return
    for i, (label, path) in enumerate(pictures):
        target = folder / label / f"{i:04}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        change(upright(path), size).save(target)


def write_examined(pictures, folder, turned):
    """Upright originals; or stored on their side with an EXIF tag that says so (6: turn right to view)."""
    if folder.exists():
        return
    for i, (label, path) in enumerate(pictures):
        target = folder / label / f"{i:04}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        picture, exif = upright(path), Image.Exif()
        if turned:
            picture, exif[0x0112] = picture.transpose(Image.ROTATE_90), 6
        picture.save(target, quality=95, exif=exif)


def train(args, pictures, run):
    """One model, all steps up to its files; two folds, since only the final model is asked."""
    if (run / "model/description.json").exists():
        return
    steps = (["inspect", pictures, "-o", run], ["split", run, "--folds", "2"],
             ["search", run, "--models", args.model, "--sizes", str(args.size), "--generators", args.generator,
              "--preset", "quick"], ["describe", run, "--yes"])
    for step in steps:
        subprocess.run([args.handlens, *step, "-q"], check=True, stdout=subprocess.DEVNULL)


def with_files(model, change):
    """The model with its associated files changed: a zip behind the flatbuffer."""
    archive = zipfile.ZipFile(io.BytesIO(model))
    files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    stream = io.BytesIO()
    stream.write(model[: min(entry.header_offset for entry in archive.infolist())])
    change(files)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as changed:
        for name, data in files.items():
            changed.writestr(name, data)
    return stream.getvalue()


def labels_swapped(model):
    def change(files):
        lines = files["labels.txt"].decode().splitlines()
        lines[0], lines[1] = lines[1], lines[0]
        files["labels.txt"] = ("\n".join(lines) + "\n").encode()
        files.pop("preprocess.json", None)
    return with_files(model, change)


def scale_of_bytes(model):
    """The metadata's deviation as 1 instead of 255: one float, behind the count of its vector."""
    start, words = model.find(b"M001"), struct.pack("<If", 1, 255.0)
    at = model.find(words, start)
    assert start > 0 and at > 0, "no metadata as handlens writes it"
    changed = model[:at] + struct.pack("<If", 1, 1.0) + model[at + 8:]
    return with_files(changed, lambda files: files.pop("preprocess.json", None))


SAID = {"label-order": labels_swapped, "scale": scale_of_bytes}


def examine(args, model, pictures):
    done = subprocess.run([args.handlens, "doctor", model, pictures, "--json", "-q"], capture_output=True, text=True)
    return json.loads(done.stdout)


def row(name, model, planted, diagnosis):
    found = sorted(f["what"] for f in diagnosis["findings"])
    n, declared, repaired = diagnosis["pictures"], diagnosis["declared"]["right"], diagnosis["repaired"]["right"]
    missed = [p for p in planted if p not in found]
    harm = {c["change"]: c["right"] - repaired for c in diagnosis["what_if"]}
    harmless = all(p in CALLED and harm.get(CALLED[p], 0) < 0.02 * n for p in missed)
    good = set(found) <= set(planted) and harmless
    notes = "; ".join(f"{p}: {harm.get(CALLED[p], 0):+} of {n} if it were fed so" for p in missed if p in CALLED)
    print(f"| {name} | {model} | {', '.join(planted) or '-'} | {declared} of {n} | {repaired} of {n} | "
          f"{', '.join(found) or '-'} | {'yes' if not missed and good else 'harmless' if good else 'no'} | {notes} |",
          flush=True)
    return good


def study(args, name):
    work = args.work / name
    learn, kept = split(args.data / name, args.each)
    write_examined(kept, work / "examined", False)
    write_examined(kept, work / "turned", True)
    write(learn, work / "healthy-pictures", lambda picture, _: picture, args.size)
    train(args, work / "healthy-pictures", work / "healthy")
    results = {True: [0, 0], False: [0, 0]}  # healthy?: as expected, all

    def count(healthy, good):
        results[healthy][0] += good
        results[healthy][1] += 1

    for file in ("model", "model_fp16", "model_dynamic", "quantizedmodel"):
        for pictures in ("examined", "turned"):
            diagnosis = examine(args, work / f"healthy/model/{file}.tflite", work / pictures)
            count(True, row(name, f"{file}, {pictures}", [], diagnosis))
    for defect, change in LEARNT.items():
        write(learn, work / f"{defect}-pictures", change, args.size)
        train(args, work / f"{defect}-pictures", work / defect)
        whole = work / f"{defect}/model/model.tflite"
        kinds = [[], *([said] for said in SAID)]
        for extra in kinds:
            planted = work / f"{defect}-{'-'.join(extra) or 'alone'}.tflite"
            planted.write_bytes(SAID[extra[0]](whole.read_bytes()) if extra else whole.read_bytes())
            pictures = "turned" if defect == "exif" else "examined"
            count(False, row(name, "model", [defect, *extra], examine(args, planted, work / pictures)))
    for count_of in (1, 2):
        for said in itertools.combinations(SAID, count_of):
            model = (work / "healthy/model/model.tflite").read_bytes()
            for one in said:
                model = SAID[one](model)
            planted = work / f"{'-'.join(said)}.tflite"
            planted.write_bytes(model)
            count(False, row(name, "model", list(said), examine(args, planted, work / "examined")))
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("handlens")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--sets", default="flowers,trashnet,leafsnap_phone")
    parser.add_argument("--model", default="nano24")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--generator", default="mild")
    parser.add_argument("--each", type=int, default=100, help="pictures of a class at most")
    args = parser.parse_args()
    print("| set | file, pictures | planted | right as the file says | repaired | found | as planted | |")
    print("|---|---|---|---|---|---|---|---|")
    totals = {True: [0, 0], False: [0, 0]}
    for name in args.sets.split(","):
        for healthy, (good, all_) in study(args, name).items():
            totals[healthy][0] += good
            totals[healthy][1] += all_
    print(f"\nHealthy files without a finding: {totals[True][0]} of {totals[True][1]}. "
          f"Planted defects and pairs found where they do harm, and nothing else: {totals[False][0]} of {totals[False][1]}.")


if __name__ == "__main__":
    main()
