#!/usr/bin/env python3
"""How well the review finds wrong labels, and what its forecast is worth.

Usage: studies/review.py HANDLENS DATA WORK [--sets NAME,...] [--seeds N]
DATA holds the folders of pictures, one folder a class (flowers, trashnet, ...). Labels: one in twenty is changed at random,
and the review of the changed set is compared with the truth. Forecast: the review of a drawn half of the pictures says what
twice as many would bring; the review of all says what they brought. Prints two Markdown tables.
"""
import argparse
import csv
import json
import pathlib
import random
import subprocess

from intervals import wilson

PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff"}


def pictures(folder):
    return sorted((str(p), p.parent.name) for p in folder.glob("*/*") if p.suffix.lower() in PICTURES)


def review(program, rows, run):
    """Of (path, label) rows: review.json, and the suspects' paths in order."""
    run.parent.mkdir(parents=True, exist_ok=True)
    labels = run.with_suffix(".csv")
    if not (run / "review.json").exists():
        with open(labels, "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["path", "label"])
            table.writerows(rows)
        subprocess.run([program, "inspect", labels, "-o", run, "-q"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([program, "review", run, "-q"], check=True, stdout=subprocess.DEVNULL)
    with open(run / "review.csv", newline="") as file:
        suspects = [row["path"] for row in csv.DictReader(file)]
    used = {picture["path"] for picture in json.loads((run / "dataset.json").read_text())["pictures"]}
    return json.loads((run / "review.json").read_text()), suspects, used


def planted_row(program, data, work, name, seeds):
    planted_all = found_all = suspects_all = pictures_all = first_all = first_found = 0
    _, clean, _ = review(program, pictures(data / name), work / f"{name}-clean")
    clean = {pathlib.Path(p).name for p in clean}
    for seed in range(seeds):
        rows = pictures(data / name)
        classes = sorted({label for _, label in rows})
        rng = random.Random(seed)
        planted = set(rng.sample(range(len(rows)), round(len(rows) / 20)))
        changed = [(path, rng.choice([c for c in classes if c != label]) if i in planted else label) for i, (path, label) in enumerate(rows)]
        _, suspects, used = review(program, changed, work / f"{name}-{seed}")
        names = {pathlib.Path(rows[i][0]).name for i in planted} & {pathlib.Path(p).name for p in used}
        suspects = [pathlib.Path(p).name for p in suspects]
        planted_all += len(names)
        found_all += len(names & set(suspects))
        suspects_all += len(suspects)
        first = suspects[: len(names)]
        first_all += len(first)
        first_found += len(names & set(first))
        pictures_all += len(used)
    low, high = wilson(found_all, planted_all)
    plow, phigh = wilson(found_all, suspects_all)
    return (f"| {name} | {pictures_all} | {planted_all} | {suspects_all} | {100 * found_all / max(1, suspects_all):.0f} % [{100 * plow:.0f}, {100 * phigh:.0f}] "
            f"| {100 * found_all / planted_all:.0f} % [{100 * low:.0f}, {100 * high:.0f}] | {100 * first_found / max(1, first_all):.0f} % | {len(clean)} |")


def accuracy(record):
    last = record["curve"][-1]
    return last["right"] / last["n"], last["n"]


def forecast_row(program, data, work, name, seeds):
    whole, _, _ = review(program, pictures(data / name), work / f"{name}-clean")
    said, brought = [], []
    for seed in range(seeds):
        rng = random.Random(1000 + seed)
        rows = pictures(data / name)
        half = []
        for label in sorted({l for _, l in rows}):
            mine = [row for row in rows if row[1] == label]
            half += rng.sample(mine, len(mine) // 2)
        record, _, _ = review(program, sorted(half), work / f"{name}-half-{seed}")
        if "twice" not in record:
            continue
        said.append(100 * record["twice"]["gain"])
        brought.append(100 * (accuracy(whole)[0] - accuracy(record)[0]))
    mean = lambda values: sum(values) / len(values)
    return (f"| {name} | {100 * accuracy(whole)[0]:.1f} % (n={accuracy(whole)[1]}) | {', '.join(f'{s:+.1f}' for s in said)} | {', '.join(f'{b:+.1f}' for b in brought)} "
            f"| {mean(said):+.1f} | {mean(brought):+.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("handlens")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--sets", default="flowers,trashnet,leafsnap_phone")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    data, work = args.data.resolve(), args.work.resolve()
    print("| set | pictures, all draws | labels changed | suspects | of the suspects, changed | of the changed, found | of as many at the top as were changed | suspects of the labels as they are |")
    print("|---|---|---|---|---|---|---|---|")
    for name in args.sets.split(","):
        print(planted_row(args.handlens, data, work, name, args.seeds), flush=True)
    print("\n| set | accuracy of all pictures | half of them said of twice as many | which brought | mean said | mean brought |")
    print("|---|---|---|---|---|---|")
    for name in args.sets.split(","):
        print(forecast_row(args.handlens, data, work, name, args.seeds), flush=True)


if __name__ == "__main__":
    main()
