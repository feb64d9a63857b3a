#!/usr/bin/env python3
"""What a pre-trained backbone is worth: models from scratch, probes and tuned ones on the same honest folds.

Usage: studies/transfer.py HANDLENS DATA WORK [--sets NAME,...] [--models NAME,...] [--sizes N,...] [--generators NAME,...]
DATA holds the folders of pictures (flowers, trashnet, ...); WORK gets a run a set, a model and a size and is continued
when called again. Prints a Markdown table: test accuracy over five folds (mean and deviation; the whole with n and the
95 % interval), bytes of the float file without its frame, and minutes. docs/studies/transfer.md says when it was run.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import sys
import time


def covid_ct(data, work):
    """Patients stay together: labels.csv with the patient as the group."""
    path = work / "covid_ct.csv"
    with open(data / "covid_ct/meta.csv", newline="") as source, open(path, "w", newline="") as target:
        rows = csv.writer(target)
        rows.writerow(["path", "label", "group"])
        for row in csv.DictReader(source):
            rows.writerow([str(data / "covid_ct" / row["file"]), row["file"].split("/")[0], row["patient"]])
    return path


def swedish(data, work):
    """The 122 files in 5 classes that are shaped like the paper's data set 3."""
    path = work / "d3_like.csv"
    with open(data / "swedish_leaf/d3_like.csv", newline="") as source, open(path, "w", newline="") as target:
        rows = csv.writer(target)
        rows.writerow(["path", "label"])
        for row in csv.DictReader(source):
            name = row.get("path") or row.get("file")
            rows.writerow([str(data / "swedish_leaf" / name), row.get("paper_class_played") or row.get("label") or name.split("/")[0]])
    return path


SPECIAL = {"covid_ct": covid_ct, "swedish_leaf": swedish}


def search(program, pictures, run, model, args):
    begun = time.monotonic()
    command = [program, "search", run, "--models", model, "--preset", "quick", "-q"]
    if args.sizes and not model.startswith("nano"):
        command += ["--sizes", args.sizes]
    if args.generators:
        command += ["--generators", args.generators]
    inspected = run / "dataset.json"
    if not inspected.exists():
        subprocess.run([program, "inspect", pictures, "-o", run, "-q"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begun


def rows(program, data, work, name, args):
    pictures = SPECIAL[name](data, work) if name in SPECIAL else data / name
    for model in args.models.split(","):
        run = work / f"{name}-{model}-{args.sizes or 'usual'}"
        seconds = search(program, pictures, run, model, args)
        for cell in json.loads((run / "search.json").read_text())["cells"]:
            accuracy = cell["test_accuracy"]
            low, high = cell["test_ci95"]
            yield (f"| {name} | {cell['model']} | {cell['size_px']} | {cell['generator']['name']} "
                   f"| {100 * accuracy['mean']:.1f} ± {100 * accuracy['std']:.1f} | [{100 * low:.1f}, {100 * high:.1f}] n={cell['test_n']} "
                   f"| {4 * cell['parameters'] / 1e6:.2f} MB | {seconds / 60:.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("handlens")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--sets", default="flowers,trashnet,leafsnap_phone,covid_ct,swedish_leaf,phone_objects4")
    parser.add_argument("--models", default="lite0-probe")
    parser.add_argument("--sizes", default="")
    parser.add_argument("--generators", default="")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    data = args.data.resolve()
    print("| set | model | px | generator | test accuracy, % | 95 % interval, pooled | float weights | minutes, all rows of the model |")
    print("|---|---|---|---|---|---|---|---|")
    for name in args.sets.split(","):
        for row in rows(args.handlens, data, args.work, name, args):
            print(row)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
