#!/usr/bin/env python3
"""How well a model knows when not to answer: honest scores, the guard against strangers, and the promise.

Usage: studies/abstain.py HANDLENS DATA WORK [--sets NAME,...] [--finished NAME=RUN,...] [--others NAME,...] [--models NAME,...] [--sizes N] [--strangers N]
DATA holds the folders of pictures (flowers, trashnet, ...); WORK gets two runs a set, NAME without the guard (--strangers answer)
and NAME-guard with it, which share their trainings and are continued when called again; --finished adds runs that were
trained elsewhere, on the set NAME: they are copied, not changed. Nothing is verified: what the int8 models of the folds say
of their test pictures stands in model/answers.json. Prints Markdown tables:
  1. the expected calibration error of the out-of-fold test pictures, before the temperature (the training engine's scores) and after (the
     int8 files'), with 95 % intervals of 1000 bootstraps over pictures, and how much the guard adds to it, with the interval of the paired
     difference; how many answers of int8 and float files agree; the share of the user's own pictures that are answered at a threshold which 95 %
     of the other folds' pictures reach; what the guard adds to the int8 file
  2. what is promised, and what became of pictures that did not set the threshold
  3. pictures of other sets: the share that scores below what 95 % of the own pictures reach, by the shipped int8 file; sets of --kin show
     nearly the same things, and stand apart
"""
import argparse
import json
import pathlib
import random
import shutil
import struct
import subprocess

from intervals import wilson

PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")


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


def ece_added(without, guarded):
    """What the guard adds, and the interval of the difference: the same pictures are drawn for both."""
    draw = random.Random(2)
    numbers = range(len(without))
    values = []
    for _ in range(1000):
        drawn = draw.choices(numbers, k=len(without))
        values.append(ece([guarded[i] for i in drawn]) - ece([without[i] for i in drawn]))
    values.sort()
    return f"{ece(guarded) - ece(without):+.1f} [{values[25]:+.1f}, {values[974]:+.1f}]"


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


def shipped_scores(run):
    """All scores of the int8 files on the folds' test pictures, and each picture's class."""
    record = json.loads((run / "dataset.json").read_text())
    truth = {picture["id"]: record["labels"].index(picture["label"]) if isinstance(picture["label"], str) else picture["label"] for picture in record["pictures"]}
    folds = json.loads((run / "model/answers.json").read_text())["folds"]
    return [(row["scores"], truth[row["picture"]]) for fold in folds for row in fold["pictures"]]


def shipped_answers(run):
    """Top score and whether it is right, of the int8 files."""
    return [(max(scores), scores.index(max(scores)) == right) for scores, right in shipped_scores(run)]


def familiar_from(tops):
    """The highest multiple of 0.01 that 95 % of the scores reach."""
    hundredths = 0
    while hundredths < 99 and sum(top >= (hundredths + 1) / 100 for top in tops) >= 0.95 * len(tops) - 1e-9:
        hundredths += 1
    return hundredths / 100


def coverage(run):
    """Of each fold's test pictures, how many reach the threshold that the other folds' pictures set."""
    folds = [[max(row["scores"]) for row in fold["pictures"]] for fold in json.loads((run / "model/answers.json").read_text())["folds"]]
    answered = 0
    for number, own in enumerate(folds):
        threshold = familiar_from([top for other, tops in enumerate(folds) if other != number for top in tops])
        answered += sum(top >= threshold for top in own)
    return share(answered, sum(len(own) for own in folds))


def agreement(run):
    """Of the folds' test pictures: how many, and of how many the int8 file says what the float file says."""
    rows = [row for row in json.loads((run / "model/conversion.json").read_text())["agreement"] if row["pictures"] == "test"]
    return sum(row["agree"] for row in rows), sum(row["n"] for row in rows)


def pictures_of(data, name, most):
    found = sorted(p for p in (data / name).glob("*/*") if p.suffix.lower() in PICTURES)
    random.Random(1).shuffle(found)
    return found[:most]


def tops(program, run, pictures):
    out = subprocess.run([program, "predict", run, *pictures, "--json", "-q", "-j1"], check=True, capture_output=True, text=True).stdout
    return [p["score"] for p in json.loads(out)["pictures"] if p.get("scores")]


def call(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        raise SystemExit(f"{command}: exit code {done.returncode}")


def prepare(program, data, work, name, args):
    """A run without the guard, and its twin with it."""
    run, twin = work / name, work / f"{name}-guard"
    options = ["--preset", "quick", "--models", args.models, "--generators", "mild", "-q", "--no-input", "--yes", "-j1"]
    options += ["--sizes", args.sizes] if args.sizes else []
    if not (run / "dataset.json").exists():
        call(program, "inspect", data / name, "-o", run, "-q")
    call(program, "describe", run, "--strangers", "answer", *options)
    if not twin.exists():
        shutil.copytree(run, twin)
    call(program, "describe", twin, "--strangers", "not-sure", *options)
    return run, twin


def prepare_finished(program, work, run):
    """Copies of a trained run, without the guard and with it."""
    pair = []
    for ending, strangers in (("", "answer"), ("-guard", "not-sure")):
        copy = work / f"{run.name}{ending}"
        if not copy.exists():
            shutil.copytree(run, copy, ignore=shutil.ignore_patterns("model"))
        call(program, "describe", copy, "--strangers", strangers, "-q", "--no-input", "-j1")
        pair.append(copy)
    return tuple(pair)


def said(run):
    return json.loads((run / "model/preprocess.json").read_text())


def print_scores(runs):
    print("| set | accuracy, int8, out of fold | temperature | ECE before, points | after | with the guard | the guard adds | int8 as float | with the guard |"
          "\n|---|---|---|---|---|---|---|---|---|")
    for name, (run, twin) in runs.items():
        without, guarded = shipped_answers(run), shipped_answers(twin)
        care = json.loads((run / "model/conversion.json").read_text())["care"]
        print(f"| {name} | {share(sum(r for _, r in without), len(without))} | {care[0]['temperature']} | {ece_with_interval(trained_answers(run))} "
              f"| {ece_with_interval(without)} | {ece_with_interval(guarded)} | {ece_added(without, guarded)} | {share(*agreement(run))} | {share(*agreement(twin))} |")
    print("\n| set | own pictures answered, with the guard | without | int8 file, KB, with | without |\n|---|---|---|---|---|")
    for name, (run, twin) in runs.items():
        size = [f"{(one / 'model/quantizedmodel.tflite').stat().st_size / 1000:.1f}" for one in (twin, run)]
        print(f"| {name} | {coverage(twin)} | {coverage(run)} | {size[0]} | {size[1]} |")


def print_promises(runs):
    print("\n| set | \"not sure\" below | promise | counted: answered, wrong | thresholds set on other folds: answered; wrong of these |\n|---|---|---|---|---|")
    for name, (_, run) in runs.items():
        a = said(run)["answering"]
        e = a["elsewhere"]
        promise = f"at most {100 * a['max_wrong']:.0f} % wrong" if a["promised"] else "none"
        print(f"| {name} | {said(run)['not_sure_below']:.2f} | {promise} | {a['answered']} of {a['pictures']}, {a['wrong']} wrong "
              f"| {e['answered']} of {e['pictures']}; {share(e['wrong'], e['answered'])} |")


def print_sets(runs):
    """Which classes are possible, as each file says of its own set: by scores that the other folds' pictures set."""
    print("\n| set | classes | possible from | right one among the possible | classes a picture | none for | where \"not sure\": right one among the possible "
          "(one to three) |\n|---|---|---|---|---|---|---|")
    for name, (_, run) in runs.items():
        description = said(run)
        sets = description["answering"]["sets"]
        e = sets["elsewhere"]
        unsure = [(scores, right) for scores, right in shipped_scores(run) if max(scores) < description["not_sure_below"]]
        named = [scores[right] >= sets["from"] for scores, right in unsure if 1 <= sum(score >= sets["from"] for score in scores) <= 3]
        print(f"| {name} | {len(description['labels'])} | {sets['from']:.3f} | {share(e['covered'], e['pictures'])} | {e['labels'] / e['pictures']:.2f} "
              f"| {e['empty']} | {share(sum(named), len(named)) if named else 'none'}, of {len(unsure)} |")


def print_strangers(runs, args):
    print("\n| model | pictures of | below, with the guard | without |\n|---|---|---|---|")
    kin = {tuple(pair.split("/")) for pair in args.kin.split(",") if pair}
    total = {}
    for name, pair in runs.items():
        thresholds = [said(run)["answering"]["familiar_from"] for run in pair]
        for other in args.others.split(","):
            own = name.split()[0]
            if other == own:
                continue
            found = pictures_of(args.data, other, args.strangers)
            scores = [tops(args.handlens, run, found) for run in pair]
            without, guarded = (sum(score < threshold for score in row) for row, threshold in zip(scores, thresholds))
            near = (own, other) in kin or (other, own) in kin
            for line in ("kin",) if near else (name, "all"):
                counts = total.setdefault(line, [0, 0, 0])
                for place, count in enumerate((guarded, without, len(scores[0]))):
                    counts[place] += count
            print(f"| {name} | {other}{' (kin)' if near else ''} | {share(guarded, len(scores[1]))} | {share(without, len(scores[0]))} |", flush=True)
    for line, (guarded, without, n) in total.items():
        print(f"| **{line}** | | {share(guarded, n)} | {share(without, n)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("handlens")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--sets", default="leafsnap_phone,sign_digits_phone,trashnet,flowers")
    parser.add_argument("--finished", default="")
    parser.add_argument("--others", default="leafsnap_phone,sign_digits_phone,trashnet,flowers,phone_objects4,covid_ct,crc_histology_mini,"
                        "xray_covid2,swedish_leaf,cifar10_jpeg_mini,xray_augmented_trap")
    parser.add_argument("--kin", default="leafsnap_phone/swedish_leaf,leafsnap_phone/phone_objects4,flowers/leafsnap_phone,flowers/swedish_leaf,"
                        "flowers/phone_objects4,covid_ct/xray_covid2,covid_ct/xray_augmented_trap", help="pairs of sets that show nearly the same things: plants, chests")
    parser.add_argument("--models", default="lite0-probe")
    parser.add_argument("--sizes", default="160")
    parser.add_argument("--strangers", type=int, default=40, help="pictures of each other set")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    runs = {name: prepare(args.handlens, args.data, args.work, name, args) for name in args.sets.split(",") if name}
    for name, run in (pair.split("=") for pair in args.finished.split(",") if pair):
        run = pathlib.Path(run)
        runs[f"{name} ({run.name})"] = prepare_finished(args.handlens, args.work, run)
    print_scores(runs)
    print_promises(runs)
    print_sets(runs)
    print_strangers(runs, args)


if __name__ == "__main__":
    main()
