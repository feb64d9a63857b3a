#!/usr/bin/env python3
"""Prints the code budgets: lines a file, lines and complexity a function (pmccabe). Exit status 1 when one is over.

Budgets: file 500 lines, function 60 lines, complexity 15. Tests and generated files are not counted.
"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE_LINES, FUNCTION_LINES, COMPLEXITY = 500, 60, 15


def sources():
    for folder in ("src", "bench", "tools"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".cc", ".h", ".py", ".js", ".css"} and "testdata" not in path.parts:
                yield path


def main():
    over, lines_total, worst = [], 0, (0, "")
    files = list(sources())
    for path in files:
        count = len(path.read_text(encoding="utf-8").splitlines())
        lines_total += count
        if count > FILE_LINES:
            over.append(f"{path.relative_to(ROOT)}: {count} lines, the budget is {FILE_LINES}")
    code = [str(p) for p in files if p.suffix in {".cc", ".h"} and not p.name.endswith("_test.cc")]
    listing = subprocess.run(["pmccabe", *code], capture_output=True, text=True, check=False).stdout
    for row in listing.splitlines():
        fields = row.split("\t")
        complexity, length = int(fields[0]), int(fields[4])
        place = pathlib.Path(fields[5].split("(")[0])
        where = f"{place.relative_to(ROOT)}: {fields[5].split(': ')[-1]}"
        worst = max(worst, (complexity, where))
        if complexity > COMPLEXITY:
            over.append(f"{where}: complexity {complexity}, the budget is {COMPLEXITY}")
        if length > FUNCTION_LINES:
            over.append(f"{where}: {length} lines, the budget is {FUNCTION_LINES}")
    print(f"budgets: {len(files)} files, {lines_total} lines; highest complexity {worst[0]} ({worst[1]})")
    for line in over:
        print(line)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
