#!/usr/bin/env python3
"""Whether a run keeps within the budget that it was given, or says beforehand that it cannot.

Usage: budgets.py BUILD [BUDGET_S...] [--classes 3] [--each 30] [--more OPTION...]. Makes pictures once, then calls
`handlens run --budget B` on them for every budget and prints a line each: the budget, the seconds that it took, their
ratio, the exit code, and what it said when it refused. The program is BUILD/handlens.
"""
import argparse
import pathlib
import shutil
import subprocess
import tempfile
import time


def measure(arguments, folder, budget_s):
    run = folder / f"run-{budget_s}"
    begun = time.monotonic()
    done = subprocess.run([arguments.build / "handlens", "run", folder / "pictures", "-o", run, "--budget", f"{budget_s}s", "-q", "--no-input",
                           *arguments.more], capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begun
    said = done.stderr.strip().splitlines()[-1] if done.returncode == 5 else ""
    print(f"budget {budget_s:>5} s {seconds:8.1f} s {seconds / budget_s:6.2f} times  exit code {done.returncode}  {said}", flush=True)
    shutil.rmtree(run, ignore_errors=True)
    return seconds, done.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("budgets", type=int, nargs="*", default=[2, 10, 30, 60, 120])
    parser.add_argument("--classes", type=int, default=3)
    parser.add_argument("--each", type=int, default=30)
    parser.add_argument("--more", nargs=argparse.REMAINDER, default=[])
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="handlens-budgets-"))
    try:
        subprocess.run([arguments.build / "tests_bin/make_pictures", folder / "pictures", str(arguments.classes), str(arguments.each), "64"],
                       check=True, stdout=subprocess.DEVNULL)
        results = [(budget, *measure(arguments, folder, budget)) for budget in arguments.budgets]
    finally:
        shutil.rmtree(folder)
    kept = sum(code != 5 and seconds <= 1.1 * budget for budget, seconds, code in results)
    refused = sum(code == 5 for _, _, code in results)
    print(f"{len(results)} budgets: {kept} kept within 1.1 times, {refused} refused beforehand, {len(results) - kept - refused} not kept")


if __name__ == "__main__":
    main()
