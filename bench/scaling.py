#!/usr/bin/env python3
"""How the cost of a training step grows with pictures' size, batch and filters, beside its count of multiply-adds.

    scaling.py ENGINE [--json FILE] [--plot FILE.svg] [--rounds N] [--seconds S]

ENGINE is the program bench_engine. Milliseconds of processor time a picture of M1 and of M1's one-convolution family;
`ns_per_kmac` is time over work, which would be level if cost grew exactly as the work does.
"""
import argparse
import json
import pathlib
import statistics
import sys

import compare

SWEEPS = {
    "size, px (m1, batch 10)": [(size, f"m1:{size}:10") for size in (30, 50, 70, 100, 140, 200, 300)],
    "batch (m1, 100 px)": [(batch, f"m1:100:{batch}") for batch in (1, 2, 5, 10, 16, 32, 64)],
    "filters (128 neurons, 100 px, batch 10)": [(filters, f"f{filters}n128:100:10") for filters in (2, 4, 8, 16, 32, 64)],
}


def measure(engine, text, options):
    worker = compare.Worker([engine, "--serve"])
    work = worker.ask({"make": text})["multiply_adds"]
    found = []
    for _ in range(options.rounds):
        answer = worker.ask({"seconds": options.seconds})
        found.append(1000 * answer["cpu_s"] / answer["pictures"])
    worker.close()
    milliseconds = statistics.median(found)
    return {"row": text, "multiply_adds": work, "ms_per_picture": milliseconds, "least": min(found), "most": max(found),
            "ns_per_kmac": 1e9 * milliseconds / work}


def plot(sweeps, path):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "handlens"   # the same file for the same figures
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(sweeps), figsize=(12, 3.6), constrained_layout=True)
    for axis, (name, points) in zip(axes, sweeps.items()):
        x = [value for value, _ in points]
        middle = points[len(points) // 2][1]
        scale = middle["ms_per_picture"] / middle["multiply_adds"]
        axis.loglog(x, [scale * p["multiply_adds"] for _, p in points], "--", color="0.6", label="as the multiply-adds grow")
        axis.loglog(x, [p["ms_per_picture"] for _, p in points], "o-", label="measured")
        axis.set_xticks(x, [str(v) for v in x])
        axis.minorticks_off()
        axis.set_xlabel(name)
        axis.set_ylabel("ms a picture (forward, backward, update)")
        axis.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engine")
    parser.add_argument("--json")
    parser.add_argument("--plot", help="needs the plotting package of bench/requirements.txt")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3)
    options = parser.parse_args()
    sweeps = {}
    for name, rows in SWEEPS.items():
        print(name)
        sweeps[name] = []
        for value, text in rows:
            point = measure(options.engine, text, options)
            sweeps[name].append((value, point))
            print(f"{value:>6}  {point['multiply_adds']:>12,} multiply-adds  {point['ms_per_picture']:8.3f} ms  {point['ns_per_kmac']:7.1f} ns per 1,000",
                  flush=True)
    if options.json:
        record = {"machine": compare.machine(), "sweeps": {name: [p for _, p in points] for name, points in sweeps.items()}}
        pathlib.Path(options.json).write_text(json.dumps(compare.rounded(record), indent=1) + "\n", encoding="utf-8")
    if options.plot:
        plot(sweeps, options.plot)


if __name__ == "__main__":
    sys.exit(main())
