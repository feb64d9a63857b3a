#!/usr/bin/env python3
"""Runs the study of docs/studies/search.md and writes it: what racing and the fast sweep cost, and what they choose.

    studies/search_study.py race   --work FOLDER [--program build/handlens]     # after `studies/study.py covid_ct --work FOLDER`
    studies/search_study.py sweeps --work FOLDER --size 50                      # whole and fast sweep, 15 epochs
    studies/search_study.py timed  --work FOLDER --name NAME -- search RUN ...  # a command with its estimates of what is left
    studies/search_study.py page   --work FOLDER                                # writes docs/studies/search.md; draws with matplotlib

FOLDER is that of studies/study.py: its covid_ct/ holds the pictures with labels.csv, and the paper's grid in paper-m1 and
paper-m2. The page reads the records of the runs alone (search.json, reduce.json, trials/), so it can be made again at any
time; whatever has not been run is left out of it and said to be.
"""
import argparse
import json
import math
import pathlib
import re
import statistics
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
GENERATORS = "gen1,gen2,gen3,gen4"
SIZES = (30, 50, 100, 200, 300)


def run(program, arguments, log=None):
    print("+", program, *arguments, flush=True)
    subprocess.run([program, *map(str, arguments)], check=True, stdout=log, stderr=log)


def started(program, work, folder):
    """A run folder of the CT scans."""
    if not (folder / "dataset.json").exists():
        run(program, ["inspect", work / "covid_ct" / "pictures" / "labels.csv", "-o", folder, "-q"])
    return folder


def race(args):
    folder = started(args.program, args.work, args.work / "search" / "race")
    begin = time.time()
    # The preset only says that cells race: the paper's models train by the paper's recipe under any.
    run(args.program, ["search", folder, "--no-input", "--preset", "standard", "--order", "paper", "--models", "m1,m2",
                       "--sizes", ",".join(map(str, SIZES)), "--generators", GENERATORS])
    (folder / "seconds.txt").write_text(f"{time.time() - begin:.0f}\n", encoding="utf-8")


def sweeps(args):
    for kind in ("fast", "whole"):
        folder = started(args.program, args.work, args.work / "search" / f"{kind}-{args.size}")
        options = ["--no-input", "--preset", "paper", "--order", "paper", "--models", "m1", "--sizes", args.size, "--generators", "gen1",
                   "--epochs", 15]
        run(args.program, ["search", folder, *options])
        run(args.program, ["reduce", folder, *options, *(["--exhaustive"] if kind == "whole" else [])])


def seconds_of(text):
    """"1 h 2 min 3 s" as printed by the program."""
    return sum(float(number) * {"h": 3600, "min": 60, "s": 1}[unit] for number, unit in re.findall(r"([\d.]+) (h|min|s)\b", text))


def timed(args):
    begin = time.time()
    process = subprocess.Popen([args.program, *args.command], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    estimates = []
    for line in process.stderr:
        found = re.search(r"ETA ((?:[\d.]+ (?:h|min|s) ?)+)", line)
        if found:
            estimates.append((round(time.time() - begin, 1), seconds_of(found.group(1))))
    process.wait()
    record = {"command": args.command, "seconds": round(time.time() - begin, 1), "estimates": estimates, "exit": process.returncode}
    out = args.work / "search" / "timed" / f"{args.name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(record, indent=1), encoding="utf-8")
    print(out)


# Reading runs


def hits(trial, labels, part):
    """Whether each picture of a trial's part was told right: the scores' first largest column against its label."""
    data = (trial["folder"] / "predictions.safetensors").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8:8 + length])[part]
    begin, end = entry["data_offsets"]
    scores = struct.unpack(f"<{(end - begin) // 4}f", data[8 + length + begin:8 + length + end])
    classes = entry["shape"][1]
    rows = [scores[i:i + classes] for i in range(0, len(scores), classes)]
    return [max(range(classes), key=lambda k: (row[k], -k)) == labels[picture] for row, picture in zip(rows, trial[f"{part}_pictures"])]


def trials(folder):
    """{(model, size, generator, fold): trial} of a run."""
    found = {}
    for path in sorted((folder / "trials").glob("*/trial.json")):
        trial = json.loads(path.read_text(encoding="utf-8"))
        trial["folder"] = path.parent
        spec = trial["spec"]
        found[(spec["model"], spec["size_px"], spec["generator"]["name"], spec["fold"])] = trial
    return found


def labels_of(folder):
    record = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    names = record["labels"]
    return [names.index(picture["label"]) for picture in record["pictures"]]


def mcnemar(only_a, only_b):
    n = only_a + only_b
    if n == 0:
        return 1.0
    return min(1.0, 2 * sum(math.comb(n, i) for i in range(min(only_a, only_b) + 1)) / 2 ** n)


def paired(a, b):
    only_a = sum(1 for x, y in zip(a, b) if x and not y)
    only_b = sum(1 for x, y in zip(a, b) if y and not x)
    n = len(a)
    difference = (only_b - only_a) / n
    return difference, math.sqrt(((only_a + only_b) / n - difference ** 2) / n), mcnemar(only_a, only_b)


def ranks(values):
    order = sorted(range(len(values)), key=lambda i: values[i])
    result = [0.0] * len(values)
    i = 0
    while i < len(order):
        j = i
        while j + 1 < len(order) and values[order[j + 1]] == values[order[i]]:
            j += 1
        for k in range(i, j + 1):
            result[order[k]] = (i + j) / 2
        i = j + 1
    return result


def spearman(a, b):
    return statistics.correlation(ranks(a), ranks(b))


# The race


def prices(grid):
    """Seconds of one trial by (model, size): the median of what was run, larger sizes by their number of pixels."""
    known = {}
    for (model, size, _, _), trial in grid.items():
        known.setdefault((model, size), []).append(trial["seconds"])
    known = {key: seconds for key, seconds in known.items() if len(seconds) >= 10}   # a few may have been paused on the way
    price = {key: statistics.median(seconds) for key, seconds in known.items()}
    for model in ("m1", "m2"):
        for size in SIZES:
            if (model, size) not in price:
                below = max(s for m, s in price if m == model and s < size)
                price[(model, size)] = price[(model, below)] * (size / below) ** 2
    return price, {key for key in known}


def race_section(work):
    folder = work / "search" / "race"
    if not (folder / "search.json").exists():
        return ["The race was not run.", ""]
    grid = {}
    for part in ("paper-m1", "paper-m2"):
        grid.update(trials(work / "covid_ct" / part))
    labels = labels_of(work / "covid_ct" / "paper-m1")
    price, measured = prices(grid)
    record = json.loads((folder / "search.json").read_text(encoding="utf-8"))
    whole = sorted({key[:3] for key in grid if all(key[:3] + (f,) in grid for f in range(5))})
    right = {cell: sum((hits(grid[cell + (f,)], labels, "validation") for f in range(5)), []) for cell in whole}
    tested = {cell: sum((hits(grid[cell + (f,)], labels, "test") for f in range(5)), []) for cell in whole}
    best = max(whole, key=lambda cell: sum(right[cell]))
    group = [cell for cell in whole if paired(right[best], right[cell])[2] >= 0.05 or sum(right[cell]) >= sum(right[best])]
    chosen_cell = record["cells"][record["chosen"]]
    chosen = (chosen_cell["model"], chosen_cell["size_px"], chosen_cell["generator"]["name"])
    spent = sum(price[(c["model"], c["size_px"])] * len(c["folds"]) for c in record["cells"])
    count = sum(len(c["folds"]) for c in record["cells"])
    all_s = sum(price[(m, s)] * 20 for m in ("m1", "m2") for s in SIZES)
    run_s = sum(price[key[:2]] * 5 for key in whole)
    name = "{}, {} px, {}".format
    not_run = [f"{m} at {s} px" for m in ("m1", "m2") for s in SIZES if not any(c[:2] == (m, s) for c in whole)]
    part = [f"{m} at {s} px ({sum(1 for c in whole if c[:2] == (m, s))} of 4 generators)" for m in ("m1", "m2") for s in SIZES
            if 0 < sum(1 for c in whole if c[:2] == (m, s)) < 4]
    lines = [f"The whole grid would be 200 trainings. Run to the end: {len(whole)} cells of five folds ({len(whole) * 5} trainings); "
             f"not run: {', '.join(not_run) or 'nothing'}" + (f"; in part: {', '.join(part)}" if part else "") + ". A training is priced "
             "by the median seconds of its model and size in the exhaustive runs, whatever else the machine did; sizes that were not run, by the "
             "number of their pixels from the next smaller one: "
             + ", ".join(f"{m} {s} px {price[(m, s)]:.0f} s{'' if (m, s) in measured else ' (extrapolated)'}" for m in ("m1", "m2") for s in SIZES) + ".", "",
             "| | trainings | seconds of one core | share of the whole grid | share of the cells that were run |", "|---|---|---|---|---|",
             f"| whole grid, 30 to 300 px | 200 | {all_s:,.0f} (of them {all_s - run_s:,.0f} extrapolated) | 100 % | |",
             f"| cells that were run | {len(whole) * 5} | {run_s:,.0f} | {100 * run_s / all_s:.1f} % | 100 % |",
             f"| race | {count} | {spent:,.0f} | **{100 * spent / all_s:.1f} %** | {100 * spent / run_s:.1f} % |", ""]
    lines += ["Best on validation pictures of the cells that were run: " + name(*best)
              + f" ({100 * sum(right[best]) / len(right[best]):.1f} % of {len(right[best])}). Its statistical top group (not significantly worse by the "
              f"exact McNemar test, p >= 0.05): {len(group)} of {len(whole)} cells: " + "; ".join(name(*cell) for cell in group) + ".", ""]
    lines.append("The race chose " + name(*chosen) + (", which is in the top group." if chosen in group else ", which is **not** in the top group."))
    if chosen in tested and chosen != best:
        difference, error, p = paired(tested[best], tested[chosen])
        lines[-1] += f" On the {len(tested[best])} test pictures it differs from the best by {100 * difference:+.1f} ± {100 * error:.1f} points (p = {p:.2f})."
    elif chosen == best:
        lines[-1] += " It is the very cell."
    lines += ["", "> " + record["rule"], "", "| model, size, generator | folds | validation, % | test, % | why it stopped |", "|---|---|---|---|---|"]
    for c in record["cells"]:
        if c["folds"]:
            lines.append(f"| {c['model']}, {c['size_px']} px, {c['generator']['name']} | {len(c['folds'])} | {100 * c['validation_accuracy']['mean']:.1f} | "
                         f"{100 * c['test_accuracy']['mean']:.1f} | {c['eliminated_because']} |")
    begun = sum(1 for c in record["cells"] if c["folds"])
    lines += ["", f"The other {len(record['cells']) - begun} cells were not begun.", ""]
    if (folder / "seconds.txt").exists():
        lines += [f"The race took {(folder / 'seconds.txt').read_text(encoding='utf-8').strip()} s on two cores that others used too.", ""]
    return lines


# The sweeps


def sweep(folder):
    return json.loads((folder / "reduce.json").read_text(encoding="utf-8")) if (folder / "reduce.json").exists() else None


def in_grid(cell):
    return cell["filters"] <= 19 and cell["neurons"] <= 19


def accuracy(cell, part):
    return cell["cell"][f"{part}_accuracy"]["mean"] if cell["cell"]["folds"] else cell.get(f"expected_{part}")


def scatter(pairs):
    """Standard deviation of the whole sweep's test accuracies about the mean of the up to eight cells around each."""
    at = {(w["filters"], w["neurons"]): accuracy(w, "test") for w, _ in pairs}
    rest = []
    for (f, n), value in at.items():
        around = [at[(f + i, n + k)] for i in (-1, 0, 1) for k in (-1, 0, 1) if (i or k) and (f + i, n + k) in at]
        # The mean of m neighbours scatters too, by 1 / m of the variance.
        rest.append((value - statistics.mean(around)) ** 2 / (1 + 1 / len(around)))
    return math.sqrt(statistics.mean(rest))


def fold_error(record):
    chosen = record["cells"][record["chosen"]]["cell"]
    return chosen["test_accuracy"]["std"] / math.sqrt(len(chosen["folds"]))


def draw(size, whole, fast):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plot
    values = [100 * accuracy(c, "test") for c in whole["cells"] if in_grid(c)]
    figure, axes = plot.subplots(1, 2, figsize=(11, 6), sharey=True, constrained_layout=True)
    for axis, record, title in ((axes[0], whole, "whole: 1,805 trainings"), (axes[1], fast, "fast: dots are trained, the rest estimated")):
        image = [[math.nan] * 19 for _ in range(19)]
        for c in record["cells"]:
            if in_grid(c):
                image[c["neurons"] - 1][c["filters"] - 1] = 100 * accuracy(c, "test")
        shown = axis.imshow(image, origin="lower", extent=(0.5, 19.5, 0.5, 19.5), vmin=min(values), vmax=max(values), cmap="viridis")
        if record is fast:
            dots = [(c["filters"], c["neurons"]) for c in fast["cells"] if in_grid(c) and c["cell"]["folds"]]
            axis.plot([x for x, _ in dots], [y for _, y in dots], "k.", markersize=3)
        chosen = record["cells"][record["chosen"]]
        if in_grid(chosen):
            axis.plot(chosen["filters"], chosen["neurons"], "rs", markersize=11, fillstyle="none", markeredgewidth=2)
        else:
            title += f"\nchosen: the model itself, {chosen['filters']} x {chosen['neurons']}"
        axis.set(title=f"{size} px, {title}", xlabel="filters", xticks=range(1, 20, 2), yticks=range(1, 20, 2), xlim=(0.5, 19.5), ylim=(0.5, 19.5))
    axes[0].set_ylabel("neurons")
    figure.colorbar(shown, ax=axes, label="test accuracy, mean of five folds (%)", shrink=0.9)
    out = ROOT / "docs" / "studies" / f"search-sweep-{size}.png"
    figure.savefig(out, dpi=90)
    return out.name


def sweep_section(work, size):
    folders = {kind: work / "search" / f"{kind}-{size}" for kind in ("whole", "fast")}
    whole, fast = sweep(folders["whole"]), sweep(folders["fast"])
    if whole is None or fast is None:
        return [f"At {size} px: the whole sweep was not run.", ""]
    by_place = {(c["filters"], c["neurons"]): c for c in whole["cells"]}
    pairs = [(by_place[(c["filters"], c["neurons"])], c) for c in fast["cells"] if in_grid(c)]
    untrained = [(w, f) for w, f in pairs if not f["cell"]["folds"]]

    def rho(which, part):
        return spearman([accuracy(w, part) for w, _ in which], [accuracy(f, part) for _, f in which])

    def cost(record, folder):
        ids = [fold["trial"] for c in record["cells"] if in_grid(c) for fold in c["cell"]["folds"]]
        return len(ids), ids

    known = {}
    for path in (folders["whole"] / "trials").glob("*/trial.json"):
        known[path.parent.name] = json.loads(path.read_text(encoding="utf-8"))["seconds"]
    n_whole, ids_whole = cost(whole, folders["whole"])
    n_fast, ids_fast = cost(fast, folders["fast"])
    s_whole, s_fast = (sum(known[i] for i in ids) for ids in (ids_whole, ids_fast))
    labels = labels_of(folders["whole"])

    def told(record, part):
        right = []
        for fold in record["cells"][record["chosen"]]["cell"]["folds"]:
            trial_folder = folders["whole"] / "trials" / fold["trial"]
            trial = json.loads((trial_folder / "trial.json").read_text(encoding="utf-8"))
            trial["folder"] = trial_folder
            right += hits(trial, labels, part)
        return right

    differences = []
    for part in ("validation", "test"):
        difference, error, p = paired(told(whole, part), told(fast, part))
        differences.append(f"{100 * difference:+.1f} ± {100 * error:.1f} points on {part} pictures (p = {p:.2f}; "
                           f"{'within' if abs(difference) <= error else '**not** within'} one standard error)")
    picture = draw(size, whole, fast)
    lines = [f"### {size} px", "", f"![Both heat maps at {size} px]({picture})", "",
             "| | whole | fast |", "|---|---|---|",
             f"| trainings (without the model itself) | {n_whole:,} | {n_fast:,} ({100 * n_fast / n_whole:.1f} %) |",
             f"| seconds of one core, the same trainings' | {s_whole:,.0f} | {s_fast:,.0f} (**{100 * s_fast / s_whole:.1f} %**) |"]
    for label, key in (("best on validation", "best"), ("chosen", "chosen")):
        cells = [record["cells"][record[key]] for record in (whole, fast)]
        lines.append(f"| {label}: filters x neurons | " + " | ".join(
            f"{c['filters']} x {c['neurons']}: validation {100 * accuracy(c, 'validation'):.1f} %, test {100 * accuracy(c, 'test'):.1f} %, "
            f"{c['cell']['parameters']:,} parameters" for c in cells) + " |")
    lines += ["", f"- Rank correlation (Spearman) of the two maps' test accuracies: **{rho(pairs, 'test'):.2f}** over all {len(pairs)} cells, "
              f"{rho(untrained, 'test'):.2f} over the {len(untrained)} that the fast sweep did not train. Validation accuracies: {rho(pairs, 'validation'):.2f} and "
              f"{rho(untrained, 'validation'):.2f}. For comparison, the whole sweep's own validation and test accuracies correlate by "
              f"{spearman([accuracy(w, 'validation') for w, _ in pairs], [accuracy(w, 'test') for w, _ in pairs]):.2f}.",
              f"- A cell's own test accuracy scatters by {100 * scatter(pairs):.1f} points around the mean of its neighbours (whole sweep).",
              "- The fast choice differs from the whole sweep's, paired picture by picture, by " + " and ".join(differences)
              + f". Over its own folds the whole sweep's choice has a standard error of {100 * fold_error(whole):.1f} points on test pictures.", ""]
    for name in ("whole", "fast"):
        timing = folders[name] / "timings.json"
        if timing.exists():
            took = {s["name"]: s["seconds"] for s in json.loads(timing.read_text(encoding="utf-8"))["steps"]}
            if took.get("reduce", 0) > 10:   # less: it only read trainings that were there
                lines.append(f"- The {name} sweep's step took {took['reduce']:,.0f} s by the clock.")
    return lines + [""]


def resume_section(work):
    path = work / "search" / "resume.json"
    if not path.exists():
        return ["Not measured.", ""]
    lines = ["A run killed anywhere goes on from its last saved epoch and ends in the same bytes (tests `SearchTest.*Stopped*`, `ReduceTest.*Stopped*`, "
             "`Trial.*`). What saving costs, from probes at the entry and return of the two functions that write `state.bin` and `events.jsonl` (waiting for "
             "the disk included), as a share of the trainings' seconds:", "",
             "| trainings | seconds | saves of the state | their seconds | seconds of appending events | share |", "|---|---|---|---|---|---|"]
    for row in json.loads(path.read_text(encoding="utf-8")):
        lines.append(f"| {row['what']} | {row['trials_s']:.1f} | {row['saves']} | {row['saves_s']:.3f} | {row['events_s']:.3f} | "
                     f"**{100 * (row['saves_s'] + row['events_s']) / row['trials_s']:.2f} %** |")
    return lines + [""]


def timed_section(work):
    lines = ["| command | seconds | estimates after the first minute within 30 % | median error | worst |", "|---|---|---|---|---|"]
    for path in sorted((work / "search" / "timed").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        # The last ten seconds are not judged: a display in whole seconds cannot be right within 30 % there.
        errors = [abs(left - (record["seconds"] - at)) / (record["seconds"] - at) for at, left in record["estimates"]
                  if at >= 60 and record["seconds"] - at > 10]
        command = " ".join(pathlib.Path(word).name if word.startswith("/") else word for word in record["command"])
        if errors:
            lines.append(f"| `{command}` | {record['seconds']:.0f} | {sum(1 for e in errors if e <= 0.3)} of {len(errors)} | "
                         f"{100 * statistics.median(errors):.0f} % | {100 * max(errors):.0f} % |")
        else:
            lines.append(f"| `{command}` | {record['seconds']:.0f} | shorter than that | | |")
    return lines + [""] if len(lines) > 2 else ["Not measured.", ""]


def page(args):
    template = (ROOT / "tools" / "search_study.txt").read_text(encoding="utf-8")
    parts = {"race": race_section(args.work), "sweep50": sweep_section(args.work, 50), "sweep100": sweep_section(args.work, 100),
             "timed": timed_section(args.work), "resume": resume_section(args.work)}
    for name, lines in parts.items():
        template = template.replace("{{" + name + "}}\n", "\n".join(lines) + "\n")
    out = ROOT / "docs" / "studies" / "search.md"
    out.write_text(template, encoding="utf-8")
    print(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["race", "sweeps", "timed", "page"])
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--program", default=str(ROOT / "build" / "handlens"))
    parser.add_argument("--size", type=int, choices=[50, 100], default=50)
    parser.add_argument("--name", default="search", help="of what is timed")
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    args = parser.parse_args(words[:split])
    args.command = words[split + 1:]
    {"race": race, "sweeps": sweeps, "timed": timed, "page": page}[args.part](args)


if __name__ == "__main__":
    main()
