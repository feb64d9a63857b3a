#!/usr/bin/env python3
"""What a pre-trained backbone is worth: models from scratch, probes and tuned ones on the same honest folds.

Usage: studies/transfer.py HANDLENS DATA WORK [--sets NAME,...] [--models NAME,... [--sizes N,...] [--generators NAME,...]]
DATA holds the folders of pictures (flowers, trashnet, ...); WORK gets a run a set, a model, a size and a generator and is
continued when called again. Without --models: the study's main rows (ROWS). Prints a Markdown table: test accuracy
over five folds as trained (mean and deviation; the whole with its 95 % interval), of the shipped int8 files on the same
pictures, how often these answer as the float files do, before the simulated camera with usual and with little care, the
int8 file's kB, and the run's minutes by the clock.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import sys

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

SMALL_PICTURES = {"cifar10_jpeg_mini": {"224": "128"}}  # of 32 px: no size beyond 128 is worth trying
# The study's rows: model, size, generator.
ROWS = [
    ("nano24", "", "camera"),
    ("lite0-probe", "224", "mild"),
    ("lite0-probe", "224", "camera"),
    ("lite0-tail", "224", "camera"),
    ("lite0-tune", "224", "mild"),
    ("lite0-tune", "224", "camera"),
    ("lite0-thin75-cut3-train", "96", "camera"),
    ("lite0-thin75-cut6-train", "96", "camera"),
    ("lite0-cut10-probe", "128", "camera"),
]


def share(route):
    if not route or route["status"] != "done":  # no camera where the gallery's pictures have failed
        return "not run"
    low, high = route["ci95"]
    return f"{100 * route['accuracy']:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def row(program, pictures, run, setting):
    """What is chosen of a model, usually with one size and one generator: searched, converted, judged by its own files."""
    command = [program, "run", pictures, "-o", run, "--preset", "quick", "--reduce", "never", "-q", "--no-input"]
    for option, value in setting.items():
        command += [f"--{option}", value] if value else []
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 4):  # 4: the verdict has failed a check
        raise subprocess.CalledProcessError(done.returncode, command)
    cell = chosen(run)  # whose files the routes judged
    routes = {route["name"]: route for route in json.loads((run / "verdict.json").read_text())["routes"]}
    minutes = sum(step["seconds"] for step in json.loads((run / "timings.json").read_text())["steps"]) / 60
    kilobytes = (run / "model/quantizedmodel.tflite").stat().st_size / 1000
    accuracy = cell["test_accuracy"]
    low, high = cell["test_ci95"]
    return (f"{cell['model']} | {cell['size_px']} | {cell['generator']['name']} | {cell['test_n']} "
            f"| {100 * accuracy['mean']:.1f} ± {100 * accuracy['std']:.1f} | [{100 * low:.1f}, {100 * high:.1f}] "
            f"| {share(routes['quantized'])} | {100 * routes['quantized']['agreement']:.1f} | {share(routes['camera'])} "
            f"| {share(routes.get('camera-hard'))} | {kilobytes:.0f} | {minutes:.1f}")


def wanted(name, args):
    if not args.models:
        return [(model, SMALL_PICTURES.get(name, {}).get(size, size), generator) for model, size, generator in ROWS]
    return [(model, "" if model.startswith("nano") else args.sizes, generator)
            for model in args.models.split(",") for generator in args.generators.split(",")]


def rows(program, data, work, name, args):
    pictures = SPECIAL[name](data, work) if name in SPECIAL else data / name
    for model, sizes, generator in wanted(name, args):
        run = work / "-".join([name, model, sizes or "usual", generator or "usual"])
        yield f"| {name} | {row(program, pictures, run, {'models': model, 'sizes': sizes, 'generators': generator})} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("handlens")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--sets", default="flowers,trashnet,leafsnap_phone,covid_ct,swedish_leaf,phone_objects4,cifar10_jpeg_mini")
    parser.add_argument("--models", default="")
    parser.add_argument("--sizes", default="")
    parser.add_argument("--generators", default="")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    data = args.data.resolve()
    print("| set | model | px | generator | n | as trained, % | 95 % interval | int8 file, % | answers as float's, % | simulated camera, % "
          "| little care, % | int8, kB | minutes |")
    print("|---" * 13 + "|")
    for name in args.sets.split(","):
        for row in rows(args.handlens, data, args.work, name, args):
            print(row)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
