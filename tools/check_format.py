#!/usr/bin/env python3
"""Checks that clang-format 14 changes nothing, and that no line of C or C++ is longer than 110 columns. Exit status 1 with
one line per offence; `check_format.py --fix` formats.
"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FORMATTER = "clang-format-14"  # other versions wrap other lines
COLUMNS = 110
LEFT_OUT = {"testdata", "node_modules"}


def sources():
    for folder in ("src", "include", "bench", "examples", "apps", "tests", "tools", "studies"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".cc", ".h", ".c"} and not LEFT_OUT & set(path.parts):
                yield path


def main():
    paths = list(sources())
    how = ["-i"] if "--fix" in sys.argv else ["--dry-run", "-Werror", "--ferror-limit=1"]
    command = ["xargs", "-n", "60", "-P", "2", FORMATTER, *how]
    formatted = subprocess.run(command, input="\n".join(map(str, paths)), capture_output=True, text=True)
    found = [line for line in formatted.stderr.splitlines() if "error:" in line]
    if formatted.returncode != 0 and not found:
        found = [formatted.stderr.strip() or f"{FORMATTER} failed"]
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if len(line) > COLUMNS:
                found.append(f"{path.relative_to(ROOT)}:{number}: {len(line)} columns, the limit is {COLUMNS}")
    for line in found:
        print(line)
    if found:
        print("tools/check_format.py --fix formats all files")
    else:
        print(f"format: {len(paths)} files, as {FORMATTER} leaves them, at most {COLUMNS} columns")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
