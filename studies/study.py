#!/usr/bin/env python3
"""Runs the studies of docs/studies/ and writes their pages: the paper's protocol and the honest one, side by side.

    studies/study.py covid_ct  --data FOLDER --work FOLDER [--sizes 30,50,100] [--program build/handlens]
    studies/study.py leaves    --data FOLDER --work FOLDER
    studies/study.py colorectal --data FOLDER --work FOLDER
    studies/study.py pages     --work FOLDER          # writes docs/studies/*.md from what was run

FOLDER of --data holds the picture sets `covid_ct` (with meta.csv: file, patient) `swedish_leaf` (with d3_like.csv)
and `crc_histology_mini`.
They are not part of this repository. Everything is done by the program `handlens`; this script only names its runs, reads
their search.csv and sets the paper's published cells beside them. Runs continue where they stopped.
"""
import argparse
import csv
import json
import pathlib
import shutil
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Published mean and standard deviation over five folds, in percent (Tables 5 and 7).
PAPER = {
    "covid_ct": {
        ("m1", 30): ((63.11, 2.98), (59.69, 6.21), (61.05, 6.48), (59.20, 5.11)),
        ("m1", 50): ((63.93, 4.33), (57.82, 2.84), (59.60, 2.80), (57.87, 6.51)),
        ("m1", 100): ((65.82, 4.63), (62.85, 4.13), (57.65, 2.70), (53.41, 6.60)),
        ("m2", 30): ((50.95, 6.31), (54.89, 5.13), (60.68, 3.05), (55.77, 2.27)),
        ("m2", 50): ((63.98, 1.88), (60.41, 3.96), (58.87, 4.76), (56.13, 5.77)),
        ("m2", 100): ((59.18, 3.80), (55.30, 4.00), (56.45, 3.53), (55.41, 10.60)),
    },
    "leaves": {
        ("m1", 50): ((87.13, 19.63), (95.03, 4.87), (96.73, 1.64), (92.67, 2.94)),
        ("m4", 100): ((86.57, 15.74), (91.28, 7.73), (94.09, 7.36), (91.28, 8.18)),
    },
    "colorectal": {
        ("m4", 50): ((73.19, 6.27), (69.19, 10.24), (68.40, 4.96), (70.0, 6.32)),
        ("m4", 100): ((71.20, 4.11), (75.59, 3.20), (70.00, 4.89), (67.20, 7.44)),
    },
}
GENERATORS = ("gen1", "gen2", "gen3", "gen4")
# By preset; where they lie in the folder of work.
OWN_RUNS = {"standard": "own", "thorough": "own-thorough"}
# Cells also trained as the paper's code does, by the program carried_weights (studies/carried_weights.cc).
CARRIED = {"covid_ct": [("m1", 50)], "leaves": [("m1", 50), ("m4", 100)], "colorectal": []}


def prose(name):
    """What somebody concluded from the runs of a day, which the text names; the tables around it may be newer."""
    path = ROOT / "studies" / "prose" / f"{name}.txt"
    return [*path.read_text(encoding="utf-8").splitlines(), ""] if path.exists() else []


def copied(source, target):
    """The picture set, copied so that labels.csv can stand beside its pictures."""
    if not target.exists():
        shutil.copytree(source, target)
    for path in [target, *target.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)
    return target


def covid_labels(data, work):
    """labels.csv with the patient as group, from meta.csv."""
    folder = copied(data / "covid_ct", work / "covid_ct" / "pictures")
    rows = list(csv.DictReader((folder / "meta.csv").open(encoding="utf-8", newline="")))
    out = folder / "labels.csv"
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "group"])
        for row in rows:
            writer.writerow([row["file"], pathlib.Path(row["file"]).parts[0], row["patient"]])
    return out


def leaf_labels(data, work):
    """labels.csv of the 122 files in five classes that are shaped like the paper's data set 3."""
    folder = copied(data / "swedish_leaf", work / "leaves" / "pictures")
    rows = list(csv.DictReader((folder / "d3_like.csv").open(encoding="utf-8", newline="")))
    out = folder / "labels.csv"
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        for row in rows:
            writer.writerow([row["file"], pathlib.Path(row["file"]).parts[0]])
    return out


def colorectal_folder(data, work):
    return copied(data / "crc_histology_mini", work / "colorectal" / "pictures")


PICTURES = {"covid_ct": covid_labels, "leaves": leaf_labels, "colorectal": colorectal_folder}


def search(program, labels, run, options):
    """One search; the folder keeps its trials, so a second call continues."""
    subprocess.run([program, "inspect", str(labels), "-o", str(run), "-q"], check=True)
    command = [program, "search", str(run), "--no-input", *options]
    print("+", " ".join(command), flush=True)
    subprocess.run(command, check=True)
    (run / "command.txt").write_text(" ".join(["handlens", *command[1:2], run.name, *options]) + "\n", encoding="utf-8")


def run_study(name, args):
    work = args.work / name
    labels = PICTURES[name](args.data, args.work)
    paper = ["--preset", "paper", "--exhaustive"]
    if args.part in ("paper", "all"):
        for model in sorted({model for model, _ in PAPER[name]} & set(args.models.split(","))):
            sizes = [str(size) for known, size in PAPER[name] if known == model and str(size) in args.sizes.split(",")]
            search(args.program, labels, work / f"paper-{model}",
                   [*paper, "--order", "paper", "--generators", ",".join(GENERATORS), "--models", model, "--sizes", ",".join(sizes)])
    if args.part in ("carried", "all"):
        for model, size in CARRIED[name]:
            out = work / f"carried-{model}-{size}.csv"
            if not out.exists():
                command = [args.carried, str(labels), "--model", model, "--size", str(size), "--cache", str(work / "carried-cache")]
                print("+", *command, flush=True)
                out.write_text(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout, encoding="utf-8")
    if args.part in ("own", "all"):
        search(args.program, labels, work / "honest-m1",
               [*paper, "--order", "honest", "--models", "m1", "--sizes", "50", "--generators", "gen1"])
        for order in ("paper", "honest"):
            for preset, run in OWN_RUNS.items():
                search(args.program, labels, work / f"{order}-{run}", ["--preset", preset, "--exhaustive", "--order", order,
                       "--models", args.own_model, "--sizes", "64", "--generators", args.own_generators])


def cells(run):
    """{(model, size, generator): [fold accuracies in percent]} of a run's search.csv."""
    table = {}
    for row in csv.DictReader((run / "search.csv").open(encoding="utf-8", newline="")):
        key = (row["model"], int(row["size"]), row["augmentation"])
        table.setdefault(key, []).append((int(row["fold"]), 100 * float(row["accuracy"]), int(row["parameters"])))
    return {key: sorted(folds) for key, folds in table.items()}


def spread(values):
    return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def paper_table(name, work):
    lines = ["| model, size | generator | paper | handlens, the paper's folds | difference |", "|---|---|---|---|---|"]
    within = total = 0
    for (model, size), row in PAPER[name].items():
        run = work / f"paper-{model}"
        ours = cells(run) if (run / "search.csv").exists() else {}
        for generator, (mean, std) in zip(GENERATORS, row):
            folds = ours.get((model, size, generator))
            if not folds:
                lines.append(f"| {model}, {size} px | {generator} | {mean:.1f} ± {std:.1f} | not run | |")
                continue
            got, got_std = spread([accuracy for _, accuracy, _ in folds])
            inside = abs(got - mean) <= std + got_std
            within += inside
            total += 1
            lines.append(f"| {model}, {size} px | {generator} | {mean:.1f} ± {std:.1f} | {got:.1f} ± {got_std:.1f} | "
                         f"{got - mean:+.1f}{'' if inside else ' (outside both spreads)'} |")
    lines.append("")
    lines.append(f"{within} of {total} cells lie within the two spreads added.")
    return lines


def carried_lines(name, work):
    """The generators in turn on the same weights, as in the paper's code."""
    rows, within = [], 0
    for model, size in CARRIED[name]:
        path = work / f"carried-{model}-{size}.csv"
        if not path.exists():
            continue
        fresh = cells(work / f"paper-{model}")
        for generator, mean, std in (line.split(",")[2:] for line in path.read_text(encoding="utf-8").splitlines()):
            ours, ours_std = spread([accuracy for _, accuracy, _ in fresh[(model, size, generator)]])
            published, published_std = PAPER[name][(model, size)][GENERATORS.index(generator)]
            within += abs(float(mean) - published) <= float(std) + published_std
            rows.append(f"| {model}, {size} px | {generator} | {published:.1f} ± {published_std:.1f} | {ours:.1f} ± {ours_std:.1f} | "
                        f"{float(mean):.1f} ± {float(std):.1f} |")
    if not rows:
        return []
    return ["## As the paper's code trains", "",
            "The paper's code makes a model once a fold and trains it under generators 1 to 4 in turn, 50 epochs each, without fresh "
            "weights; its featurewise statistics are never fitted, so generators 3 and 4 do not normalise. The last column does the "
            "same (`carried_weights`): its generator 4 has seen 200 epochs. It is shown to explain published cells, not as a result: "
            "a generator's cell should not depend on those trained before it.", "",
            "| model, size | generator | paper | fresh weights, fitted statistics (the table above) | carried weights, no normalisation |",
            "|---|---|---|---|---|", *rows, "",
            f"{within} of {len(rows)} published cells lie within the two spreads added of the last column.", "", *prose(f"{name}_carried")]


def own_table(work):
    lines = ["| folds | model, size, generator | preset | parameters | accuracy, mean ± std over folds (%) | folds (%) |",
             "|---|---|---|---|---|---|"]
    for order, words in (("paper", "the paper's (unshuffled)"), ("honest", "honest (shuffled, groups together)")):
        for preset, name in {"paper": "m1", **OWN_RUNS}.items():
            run = work / f"{order}-{name}"
            if not (run / "search.csv").exists():
                continue
            for (model, size, generator), folds in cells(run).items():
                if name == "m1" and (model, size, generator) != ("m1", 50, "gen1"):
                    continue
                mean, std = spread([accuracy for _, accuracy, _ in folds])
                lines.append(f"| {words} | {model}, {size} px, {generator} | {preset} | {folds[0][2]:,} | {mean:.1f} ± {std:.1f} | "
                             f"{' '.join(f'{accuracy:.1f}' for _, accuracy, _ in folds)} |")
    return lines


def data_lines(work):
    run = next(iter(sorted(work.glob("*/dataset.json"))), None)
    if run is None:
        return []
    record = json.loads(run.read_text(encoding="utf-8"))
    counts = [sum(1 for picture in record["pictures"] if picture["label"] == label) for label in record["labels"]]
    near = sum(1 for d in record["duplicates"] if d.get("kind") == "near")
    listed = ", ".join(f"{label} {count}" for label, count in zip(record["labels"], counts))
    return [f"{len(record['pictures'])} pictures ({listed}); {len(record['rejected'])} rejected, {near} near-duplicate pairs.", ""]


TITLES = {"covid_ct": "COVID-CT: the paper's data set 2",
          "leaves": "Leaves: a set shaped like the paper's data set 3",
          "colorectal": "Colorectal tissue: a few tiles of the paper's data set 4"}
NOTES = {
    "covid_ct": "All 746 pictures of COVID-CT. The paper's folds are unshuffled blocks of file names (`--order paper`); the honest "
                "folds are shuffled and keep a patient's pictures and near-duplicates together.",
    "leaves": "122 leaf scans in five classes with exactly the class counts of the paper's data set 3 (the paper's own leaves were "
              "not to be had), so the paper's cells are there for orientation, not as a target.",
    "colorectal": "108 tiles (12 a class) of NCT-CRC-HE-100K, the sister set of the paper's 7,180 tiles: the line runs on TIFF files and "
                  "nine classes, but twelve pictures a class are far too few for a claim about accuracy, and the paper's cells, from "
                  "sixty times as many pictures, are there for orientation only.",
}


def write_page(name, work):
    lines = [f"# {TITLES[name]}", "", NOTES[name], "", *data_lines(work), "## The paper's protocol", "",
             "Mean ± standard deviation of test accuracy over five folds, in percent; SGD, batch 10, 50 epochs (Table 10).", "",
             *paper_table(name, work), "", *carried_lines(name, work), "## Our default family beside it", "", *own_table(work), "", *prose(f"{name}_tried"), "## Commands", "",
             f"`studies/study.py {name} --data FOLDER --work FOLDER`, which ran:", "", "```"]
    lines += [path.read_text(encoding="utf-8").strip() for path in sorted(work.glob("*/command.txt"))]
    lines += ["```", ""]
    out = ROOT / "docs" / "studies" / f"{name}.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(lines), encoding="utf-8")
    print(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=[*TITLES, "pages"])
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--sizes", default="30,50,100")
    parser.add_argument("--models", default="m1,m2,m4", help="of the paper's")
    parser.add_argument("--part", choices=["paper", "carried", "own", "all"], default="all")
    parser.add_argument("--own-model", default="nano24")
    parser.add_argument("--own-generators", default="mild,camera")
    parser.add_argument("--carried", default=str(ROOT / "build" / "src" / "carried_weights"), help="made by `ninja carried_weights`")
    parser.add_argument("--program", default=str(ROOT / "build" / "handlens"))
    args = parser.parse_args()
    if args.study == "pages":
        for name in TITLES:
            if (args.work / name).exists():
                write_page(name, args.work / name)
    else:
        run_study(args.study, args)


if __name__ == "__main__":
    main()
