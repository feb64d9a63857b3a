#!/usr/bin/env python3
"""Plants small mistakes into the sources, one after the other, and asks whether the test that should notice does.

Each file tests/mutants/ROOM.txt holds mutants: a sentence that says what goes wrong, then `file:`, `test:` (a test program and
a gtest filter), the lines to take out (`- `) and to put in (`+ `). The text that is taken out must stand in the file once.
All of it happens in a copy below the build folder; the sources here are not touched. Takes half an hour; not part of ./dev test.

usage: run.py [--build FOLDER] [--jobs N] [--only WORDS] [--check]
  --check  only see that every mutant still fits its file
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Mutant:
    def __init__(self, room, block):
        lines = block.splitlines()
        self.room, self.what = room, lines[0]
        fields = dict(line.split(": ", 1) for line in lines[1:] if re.match(r"(file|test): ", line))
        self.file = fields["file"]
        self.program, self.filter = fields["test"].split(" ", 1)
        self.old = "\n".join(line[2:] for line in lines if line.startswith("- "))
        self.new = "\n".join(line[2:] for line in lines if line.startswith("+ "))

    def __str__(self):
        return f"{self.room}: {self.what}"

    def applied(self, text):
        count = text.count(self.old)
        if count != 1:
            raise ValueError(f"{self}: the text to replace stands {count} times in {self.file}")
        return text.replace(self.old, self.new)


def read_mutants(only):
    mutants = []
    for path in sorted((ROOT / "tests/mutants").glob("*.txt")):
        for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip()):
            mutant = Mutant(path.stem, block)
            if only in str(mutant) or only in mutant.file:
                mutants.append(mutant)
    return mutants


def check_all(mutants):
    problems = []
    for mutant in mutants:
        try:
            mutant.applied((ROOT / mutant.file).read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            problems.append(str(error))
    return problems


def copy_sources(to):
    """The files that git knows, changed ones as they are; only what differs is written, so that little is built again."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, names.decode().split("\0")):
        source, target = ROOT / name, to / name
        if not source.is_file() or (target.is_file() and target.read_bytes() == source.read_bytes()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def build(folder, targets, jobs):
    return subprocess.run(["ninja", "-C", str(folder), "-j", str(jobs), *targets], capture_output=True, text=True, check=False)


def run_test(folder, mutant):
    """Whether the test passes."""
    program = folder / "src" / mutant.program
    test = subprocess.run([str(program), f"--gtest_filter={mutant.filter}", "--gtest_brief=1"], cwd=folder, capture_output=True, text=True,
                          check=False, timeout=900)
    if "0 tests from 0 test suites ran" in test.stdout:
        raise ValueError(f"{mutant}: no test is called {mutant.filter}")
    return test.returncode == 0


def try_one(mutant, source, folder, jobs):
    """'caught', or why not."""
    path = source / mutant.file
    good = path.read_text(encoding="utf-8")
    try:
        path.write_text(mutant.applied(good), encoding="utf-8")
        made = build(folder, [mutant.program], jobs)
        if made.returncode != 0:
            return "does not compile: " + next((line for line in made.stdout.splitlines() if "error" in line), "?")
        try:
            return "survived" if run_test(folder, mutant) else "caught"
        except subprocess.TimeoutExpired:
            return "caught"  # a test that never ends has noticed, too
    finally:
        path.write_text(good, encoding="utf-8")


def prepare(build_folder, mutants, jobs):
    source, folder = build_folder / "source", build_folder / "build"
    copy_sources(source)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("lib", "assets"):
        if (ROOT / "build" / name).exists() and not (folder / name).exists():
            (folder / name).symlink_to(ROOT / "build" / name)
    subprocess.run(["cmake", "-S", str(source), "-B", str(folder), "-G", "Ninja"], check=True, stdout=subprocess.DEVNULL)
    made = build(folder, sorted({m.program for m in mutants}), jobs)
    if made.returncode != 0:
        sys.exit(made.stdout[-3000:])
    for mutant in {(m.program, m.filter): m for m in mutants}.values():
        if not run_test(folder, mutant):
            sys.exit(f"{mutant.program} {mutant.filter} fails without any mutant")
    return source, folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build-mutants")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    mutants = read_mutants(arguments.only)
    problems = check_all(mutants)
    if problems:
        sys.exit("\n".join(problems))
    rooms = {m.room for m in mutants}
    if arguments.check:
        print(f"{len(mutants)} mutants in {len(rooms)} rooms fit their files")
        return
    source, folder = prepare(arguments.build.resolve(), mutants, arguments.jobs)
    begun, caught = time.monotonic(), 0
    for number, mutant in enumerate(mutants, 1):
        outcome = try_one(mutant, source, folder, arguments.jobs)
        caught += outcome == "caught"
        print(f"{number}/{len(mutants)} {outcome}: {mutant}", flush=True)
    print(f"{caught} of {len(mutants)} mutants in {len(rooms)} rooms caught, in {(time.monotonic() - begun) / 60:.0f} min")
    if caught != len(mutants):
        sys.exit(1)


if __name__ == "__main__":
    main()
