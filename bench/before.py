#!/usr/bin/env python3
"""Whether this handlens is slower than an earlier commit: engine and demo of both, turn about, in one go.

    before.py BUILD COMMIT [--work FOLDER] [--rounds N] [--seconds S] [--demos N] [--json FILE] [model:size:batch[:forward] ...]

BUILD holds this version (handlens and src/bench_engine). COMMIT is built beside it in FOLDER (default BUILD-before) with the
same compiler, type and fetched files. Of each row both engines are timed in the same round, pictures a second of *processor*
time, which other programs on the machine hardly touch; `ratio` is now to before, median, least and most over rounds: above 1 is
faster. Then `handlens demo` of both, processor seconds of the whole, its files apart, one after the other.
"""
import argparse
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile

import compare

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROWS = ["m1:100:10", "m2:100:10", "m4:100:10", "nano24:64:10", "nano24:64:32", "mobilenetv2-0.35:224:10", "lite0:128:16:forward", "lite0:128:16"]


def cached(build, name):
    for line in (build / "CMakeCache.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(name + ":"):
            return line.split("=", 1)[1]
    return ""


def build_before(commit, build, work):
    """The build folder of `commit`, made anew or from what is there."""
    source, folder = work / "source", work / "build"
    if source.exists():
        shutil.rmtree(source)
    source.mkdir(parents=True)
    folder.mkdir(exist_ok=True)
    archive = subprocess.Popen(["git", "-C", str(ROOT), "archive", commit], stdout=subprocess.PIPE)
    with tarfile.open(fileobj=archive.stdout, mode="r|") as files:
        files.extractall(source)
    if archive.wait() != 0:
        sys.exit(f"before.py: no commit {commit}")
    (folder / "lib").mkdir(exist_ok=True)  # the module for DICOM is built into it
    for name in ("lib/libhandlens_tflite.so", "assets", "downloads", "apps"):
        if (build / name).exists() and not (folder / name).exists():
            (folder / name).symlink_to((build / name).resolve())
    options = [f"-D{name}={cached(build, name)}" for name in ("CMAKE_BUILD_TYPE", "CMAKE_CXX_COMPILER") if cached(build, name)]
    for command in (["cmake", "-S", str(source), "-B", str(folder), "-G", "Ninja", *options], ["ninja", "-C", str(folder), "handlens", "bench_engine"]):
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            sys.exit(f"before.py: {commit} does not build here\n{made.stdout[-3000:]}{made.stderr[-3000:]}")
    return folder


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def engine_row(text, workers, options):
    for worker in workers.values():
        worker.ask({"make": text})
    speeds = {name: [] for name in workers}
    for _ in range(options.rounds):
        for name, worker in workers.items():
            answer = worker.ask({"seconds": options.seconds})
            speeds[name].append(answer["pictures"] / max(answer["cpu_s"], 1e-9))
    ratio = spread([now / before for now, before in zip(speeds["now"], speeds["before"])])
    return {"row": text, **{name: statistics.median(values) for name, values in speeds.items()}, "ratio": ratio}


def demo_seconds(program):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="handlens-before-"))
    try:
        begun = resource.getrusage(resource.RUSAGE_CHILDREN)
        ended = subprocess.run([program, "demo", "-o", folder / "run", "-q"], stdout=subprocess.DEVNULL, check=False)
        if ended.returncode not in (0, 4):  # 4: a verdict
            sys.exit(f"before.py: {program} demo ends with {ended.returncode}")
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime - begun.ru_utime - begun.ru_stime
    finally:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("commit")
    parser.add_argument("rows", nargs="*", help="model:size:batch, and :forward for scores alone")
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a program, row and round")
    parser.add_argument("--demos", type=int, default=2)
    parser.add_argument("--json")
    options = parser.parse_intermixed_args()
    build = options.build.resolve()
    before = build_before(options.commit, build, (options.work or build.with_name(build.name + "-before")).resolve())
    record = {"machine": compare.machine(), "before": options.commit, "rounds": options.rounds, "seconds": options.seconds, "rows": []}
    workers = {name: compare.Worker([str(folder / "src/bench_engine"), "--serve"]) for name, folder in (("now", build), ("before", before))}
    print(f"{'pictures a second of processor time':<36}{'now':>10}{'before':>10}   ratio  spread", flush=True)
    for text in options.rows or ROWS:
        try:
            row = compare.rounded(engine_row(text, workers, options))
        except RuntimeError as error:  # a network that the earlier commit does not know
            print(f"{text:<36}not timed: {error}", flush=True)
            continue
        record["rows"].append(row)
        print(f"{text:<36}{row['now']:>10,}{row['before']:>10,}  {compare.spread_of(row['ratio'])}", flush=True)
    for worker in workers.values():
        worker.close()
    seconds = {"now": [], "before": []}
    for _ in range(options.demos):
        for name, folder in (("now", build), ("before", before)):
            seconds[name].append(demo_seconds(folder / "handlens"))
    if options.demos > 0:
        record["demo_processor_s"] = compare.rounded({name: spread(values) for name, values in seconds.items()})
        print(f"demo, processor seconds: now {min(seconds['now']):.1f} to {max(seconds['now']):.1f}, "
              f"before {min(seconds['before']):.1f} to {max(seconds['before']):.1f}, {options.demos} of each")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
