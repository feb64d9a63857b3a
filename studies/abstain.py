#!/usr/bin/env python3
"""How well a model knows when not to answer: honest scores, the guard against strangers, and the promise.

Usage: studies/abstain.py HANDLENS DATA WORK [--sets NAME,...] [--models NAME,...] [--sizes N]
DATA holds the folders of pictures (flowers, trashnet, ...); WORK gets two runs a set, with the guard and without it
(--strangers answer), which share their trainings and are continued when called again. Prints Markdown tables:
  1. the expected calibration error of the out-of-fold test pictures, before the temperature (the training engine's scores) and after (the
     int8 files'), with 95 % intervals of 1000 bootstraps over pictures
  2. what is promised, and what became of pictures that did not set the threshold
  3. pictures of other sets: the share that says "not sure" at a threshold that leaves 95 % of the own pictures answered
"""
import argparse
import csv
import json
import pathlib
import random
import shutil
import struct
import subprocess

from intervals import wilson

PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
STRANGERS = 80  # pictures of each other set


def share(k, n):
    low, high = wilson(k, n)
    return f"{100 * k / max(n, 1):.1f} % [{100 * low:.1f}, {100 * high:.1f}] n={n}"


def ece(answers):
    """Expected calibration error in points: ten equal bins of the top score (Guo et al. 2017)."""
    bins = [[0, 0.0, 0] for _ in range(10)]
    for top, right in answers:
        b = bins[min(9, int(10 * top))]
        b[0] += 1
        b[1] += top
        b[2] += right
    return 100 * sum(abs(b[1] - b[2]) for b in bins) / max(len(answers), 1)


def ece_with_interval(answers):
    draw = random.Random(1)
    values = sorted(ece(draw.choices(answers, k=len(answers))) for _ in range(1000))
    return f"{ece(answers):.1f} [{values[25]:.1f}, {values[974]:.1f}]"


def tensor(path, name):
    """One float32 tensor of a safetensors file, row after row."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8:8 + length])[name]
    begin, end = entry["data_offsets"]
    values = struct.unpack(f"<{(end - begin) // 4}f", data[8 + length + begin:8 + length + end])
    width = entry["shape"][1] if entry["shape"][0] else 1
    return [values[i:i + width] for i in range(0, len(values), width)]


def chosen(run):
    record = json.loads((run / "search.json").read_text())
    return record["cells"][record["chosen"]]


def trained_answers(run):
    """Top score and whether it is right, of the training engine on the folds' test pictures."""
    labels = [picture["label"] for picture in json.loads((run / "dataset.json").read_text())["pictures"]]
    names = json.loads((run / "dataset.json").read_text())["labels"]
    answers = []
    for fold in chosen(run)["folds"]:
        folder = run / "trials" / fold["trial"]
        pictures = json.loads((folder / "trial.json").read_text())["test_pictures"]
        for picture, scores in zip(pictures, tensor(folder / "predictions.safetensors", "test")):
            label = labels[picture]
            truth = names.index(label) if isinstance(label, str) else label
            answers.append((max(scores), scores.index(max(scores)) == truth))
    return answers


def routes(run):
    """By route: top scores and whether they are right."""
    answers = {}
    with open(run / "predictions.csv", newline="") as source:
        for row in csv.DictReader(source):
            scores = list(row.values())[5:]
            answers.setdefault(row["route"], []).append((max(map(float, scores)), row["label"] == row["predicted"]))
    return answers


def pictures_of(data, name):
    found = sorted(p for p in (data / name).glob("*/*") if p.suffix.lower() in PICTURES)
    random.Random(1).shuffle(found)
    return found[:STRANGERS]


def tops(program, run, pictures):
    out = subprocess.run([program, "predict", run, *pictures, "--json", "-q"], check=True, capture_output=True, text=True).stdout
    return [p["score"] for p in json.loads(out)["pictures"] if p.get("scores")]


def prepare(program, data, work, name, args):
    """A run with the guard, and its twin without."""
    run, twin = work / name, work / f"{name}-answer"
    options = ["--models", args.models, "--preset", "quick", "-q", "--no-input", "-j1"] + (["--sizes", args.sizes] if args.sizes else [])
    for folder, strangers in ((run, "not-sure"), (twin, "answer")):
        if folder == twin and not twin.exists():
            shutil.copytree(run, twin)
        done = subprocess.run([program, "run", data / name, "-o", folder, "--strangers", strangers, *options], stdout=subprocess.DEVNULL)
        if done.returncode not in (0, 4):  # 4: the verdict is that it cannot be deployed
            raise SystemExit(f"{folder}: exit code {done.returncode}")
    return run, twin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("handlens")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--sets", default="leafsnap_phone,sign_digits_phone,trashnet,flowers")
    parser.add_argument("--others", default="leafsnap_phone,sign_digits_phone,trashnet,flowers,phone_objects4,covid_ct,crc_histology_mini")
    parser.add_argument("--models", default="lite0-probe")
    parser.add_argument("--sizes", default="")
    args = parser.parse_args()
    sets, others = args.sets.split(","), args.others.split(",")
    args.work.mkdir(parents=True, exist_ok=True)
    runs = {name: prepare(args.handlens, args.data, args.work, name, args) for name in sets}

    print("| set | accuracy, int8, out of fold | temperature | ECE before, points | after, guard off | after, guard on |\n|---|---|---|---|---|---|")
    for name, (run, twin) in runs.items():
        with_guard, without = routes(run)["quantized"], routes(twin)["quantized"]
        care = json.loads((run / "model/conversion.json").read_text())["care"]
        print(f"| {name} | {share(sum(r for _, r in with_guard), len(with_guard))} | {care[0]['temperature']} "
              f"| {ece_with_interval(trained_answers(run))} | {ece_with_interval(without)} | {ece_with_interval(with_guard)} |")

    print("\n| set | \"not sure\" below | promise | counted: answered, wrong | thresholds set on other folds: answered; wrong of these | typical camera: answered; wrong of these |\n|---|---|---|---|---|---|")
    for name, (run, _) in runs.items():
        said = json.loads((run / "model/preprocess.json").read_text())
        a = said["answering"]
        e = a["elsewhere"]
        camera = [(top, right) for top, right in routes(run).get("camera", []) if top >= said["not_sure_below"]]
        asked = len(routes(run).get("camera", []))
        promise = f"at most {100 * a['max_wrong']:.0f} % wrong" if a["promised"] else "none"
        print(f"| {name} | {said['not_sure_below']:.2f} | {promise} | {a['answered']} of {a['pictures']}, {a['wrong']} wrong "
              f"| {e['answered']} of {e['pictures']}; {share(e['wrong'], e['answered'])} "
              f"| {len(camera)} of {asked}; {share(sum(not r for _, r in camera), len(camera))} |")

    print("\n| model | pictures of | \"not sure\" with the guard | without |\n|---|---|---|---|")
    total = [0, 0, 0]
    for name, (run, twin) in runs.items():
        thresholds = [json.loads((r / "model/preprocess.json").read_text())["answering"]["familiar_from"] for r in (run, twin)]
        for other in others:
            if other == name:
                continue
            found = pictures_of(args.data, other)
            refused = []
            for folder, threshold in zip((run, twin), thresholds):
                scores = tops(args.handlens, folder, found)
                refused.append(sum(score < threshold for score in scores))
            total = [total[0] + refused[0], total[1] + refused[1], total[2] + len(found)]
            print(f"| {name} | {other} | {share(refused[0], len(found))} | {share(refused[1], len(found))} |")
    print(f"| all | | {share(total[0], total[2])} | {share(total[1], total[2])} |")


if __name__ == "__main__":
    main()
