#!/usr/bin/env python3
"""What a pre-trained backbone is worth: models from scratch, probes and tuned ones on the same honest folds.

Usage: studies/transfer.py HANDLENS DATA WORK [--sets NAME,...] [--models NAME,...] [--sizes N,...] [--generators NAME,...]
DATA holds the folders of pictures (flowers, trashnet, ...); WORK gets a run a set, a model, a size and a generator and is
continued when called again. Prints a Markdown table: test accuracy over five folds as trained (mean and deviation; the whole with
its 95 % interval), of the shipped int8 files on the same pictures and before the simulated camera with usual care, the
int8 file's kB, and minutes (of this call: a run that was finished before takes none). docs/studies/transfer.md says when
it was run.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import sys
import time

from abstain import chosen


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


def share(route):
    if route["status"] != "done":  # no camera where the gallery's pictures have failed
        return "not run"
    low, high = route["ci95"]
    return f"{100 * route['accuracy']:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def row(program, pictures, run, setting):
    """What is chosen of a model, usually with one size and one generator: searched, converted, judged by its own files."""
    begun = time.monotonic()
    command = [program, "run", pictures, "-o", run, "--preset", "quick", "--reduce", "never", "-q", "--no-input"]
    for option, value in setting.items():
        command += [f"--{option}", value] if value else []
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 4):  # 4: the verdict has failed a check
        raise subprocess.CalledProcessError(done.returncode, command)
    minutes = (time.monotonic() - begun) / 60
    cell = chosen(run)  # whose files the routes judged
    routes = {route["name"]: route for route in json.loads((run / "verdict.json").read_text())["routes"]}
    kilobytes = (run / "model/quantizedmodel.tflite").stat().st_size / 1000
    accuracy = cell["test_accuracy"]
    low, high = cell["test_ci95"]
    return (f"{cell['model']} | {cell['size_px']} | {cell['generator']['name']} | {cell['test_n']} "
            f"| {100 * accuracy['mean']:.1f} ± {100 * accuracy['std']:.1f} | [{100 * low:.1f}, {100 * high:.1f}] "
            f"| {share(routes['quantized'])} | {share(routes['camera'])} | {kilobytes:.0f} | {minutes:.1f}")


def rows(program, data, work, name, args):
    pictures = SPECIAL[name](data, work) if name in SPECIAL else data / name
    for model in args.models.split(","):
        for generator in args.generators.split(","):
            sizes = args.sizes if not model.startswith("nano") else ""
            run = work / "-".join([name, model, sizes or "usual", generator or "usual"])
            yield f"| {name} | {row(program, pictures, run, {'models': model, 'sizes': sizes, 'generators': generator})} |"


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
    print("| set | model | px | generator | n | as trained, % | 95 % interval | int8 file, % | simulated camera, % | int8, kB | minutes |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name in args.sets.split(","):
        for row in rows(args.handlens, data, args.work, name, args):
            print(row)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
