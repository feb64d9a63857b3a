#!/usr/bin/env python3
"""What it costs to share trials among processes: CPU time per trial, by numbers of trials and shards, with a trainer that does
nothing (tests/cluster/worker.cc). What a process takes to start and end, measured with no trials at all, is taken off and told by
itself. Writes docs/studies/scheduling.svg and prints the table of docs/cluster.md.

usage: scheduling.py BUILD_FOLDER [FOLDER]    FOLDER: where the trials go, on the disk to be measured; default: /dev/shm
"""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

TRIALS, SHARDS = (100, 1000, 10000), (1, 10, 100)
ROOT = pathlib.Path(__file__).resolve().parent.parent


def used_ms(worker, where, trials, shards):
    """CPU milliseconds of each shard."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scheduling.", dir=where))
    try:
        command = [worker, folder]
        running = [subprocess.Popen([*command, str(k), str(shards), str(trials), "0"], stdout=subprocess.DEVNULL) for k in range(1, shards + 1)]
        used = []
        for process in running:
            _, status, usage = os.wait4(process.pid, 0)
            assert status == 0, status
            used.append(usage.ru_utime + usage.ru_stime)
        assert trials == 0 or len(list((folder / "trials").iterdir())) == trials
        return [1000 * seconds for seconds in used]
    finally:
        shutil.rmtree(folder)


def plot(results, path):
    width, height, left, bottom, top, right = 640, 360, 70, 50, 20, 150
    import math

    low, high = math.floor(math.log10(min(max(v[1], 1e-3) for v in results.values()))), math.ceil(math.log10(max(v[0] for v in results.values())))
    x = lambda trials: left + (math.log10(trials) - 2) / 2 * (width - left - right)
    y = lambda ms: height - bottom - (math.log10(max(ms, 1e-3)) - low) / (high - low) * (height - bottom - top)
    colours = {1: "#1b6ca8", 10: "#c2571a", 100: "#3d7a3d"}
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
           f'<rect width="{width}" height="{height}" fill="white"/>']
    for power in range(low, high + 1):
        out.append(f'<line x1="{left}" x2="{width - right}" y1="{y(10 ** power):.1f}" y2="{y(10 ** power):.1f}" stroke="#ddd"/>'
                   f'<text x="{left - 8}" y="{y(10 ** power) + 4:.1f}" text-anchor="end">{10 ** power:g} ms</text>')
    for trials in TRIALS:
        out.append(f'<text x="{x(trials):.1f}" y="{height - bottom + 20}" text-anchor="middle">{trials:,} trials</text>')
    for shards in SHARDS:
        for which, dash in ((0, ""), (1, ' stroke-dasharray="4 4"')):
            points = " ".join(f"{x(t):.1f},{y(results[t, shards][which]):.1f}" for t in TRIALS)
            out.append(f'<polyline points="{points}" fill="none" stroke="{colours[shards]}" stroke-width="2"{dash}/>')
        word = "shard" if shards == 1 else "shards"
        out.append(f'<text x="{width - right + 8}" y="{y(results[TRIALS[-1], shards][0]) + 4:.1f}" fill="{colours[shards]}">{shards} {word}</text>')
    out.append(f'<text x="{left}" y="{height - 8}">CPU time a trial: all shards together; dashed: the busiest shard</text></svg>')
    path.write_text("\n".join(out) + "\n")


def main():
    worker = pathlib.Path(sys.argv[1]).resolve() / "tests_bin" / "cluster_worker"
    where = sys.argv[2] if len(sys.argv) > 2 else "/dev/shm"
    results = {}
    start_ms = {shards: statistics.mean(sum(used_ms(worker, where, 0, shards)) / shards for _ in range(1 + 20 // shards)) for shards in SHARDS}
    print("A process without trials, taken off below: " + ", ".join(f"{ms:.1f} ms of {n} at once" for n, ms in start_ms.items()) + "\n")
    print("| trials | shards | all shards, ms a trial | busiest shard, ms a trial |\n|---|---|---|---|")
    for trials in TRIALS:
        for shards in SHARDS:
            used = used_ms(worker, where, trials, shards)
            results[trials, shards] = ((sum(used) - shards * start_ms[shards]) / trials, (max(used) - start_ms[shards]) / trials)
            print(f"| {trials:,} | {shards} | {results[trials, shards][0]:.2f} | {results[trials, shards][1]:.3f} |", flush=True)
    plot(results, ROOT / "docs" / "studies" / "scheduling.svg")


if __name__ == "__main__":
    main()
