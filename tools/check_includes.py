#!/usr/bin/env python3
"""Checks the rooms: every #include of src/ against the table in ARCHITECTURE.md, and what only `cli` may reach.

A room may include itself, `base`-level libraries and the rooms that the table names; the table itself must have no
cycles. The folders within a room are its own: other rooms include a header at the room's top, or the one that is named after
its folder.

Only `cli` looks up the environment, asks what time it is, and writes to the terminal; other rooms get such values handed in
(src/pipeline/surroundings.h, base/progress.h). A steady clock that measures how long something takes is no such look-up. What
must differ stands in OUTSIDE with its reason.

The names of the pipeline's steps are spelt in src/pipeline/step_names.h alone; what is called alike stands in NAMESAKES. Exit status 1 with one line per offence.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| `(\w+)` \|.*\| ([^|]*) \|$")
INCLUDE = re.compile(r'^\s*#\s*include\s+"(\w+)/(?:(\w+)/(\w+))?')


COMMENT_OR_STRING = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'')
REACHES = {
    "the environment": re.compile(r"\b(?:getenv|secure_getenv|setenv|putenv|environ)\b"),
    "the time of day": re.compile(r"\bsystem_clock\b|\butc_clock\b|\bhigh_resolution_clock\b|\bfile_clock\b|\bstd::time\b"
                                  r"|(?<![\w.>:])time\s*\(\s*(?:nullptr|NULL|0|&)|\bgettimeofday\s*\(|\bCLOCK_REALTIME\b"
                                  r"|\blocaltime\w*\s*\(|\bX509_gmtime_adj\b"),
    "the terminal": re.compile(r"\bstd(?:out|err|in)\b|\bstd::(?:cout|cerr|clog|cin)\b|\bSTD(?:OUT|ERR|IN)_FILENO\b"
                               r"|(?<![\w.>])(?:printf|puts|putchar|perror|getchar)\s*\(|\bfmt::print\b"),
}
OUTSIDE = {
    ("src/base/result.cc", "the terminal"): "a broken promise of our own ends the program; nobody is left to hand it to",
}
STEP_NAMES = "src/pipeline/step_names.h"
# Beside titles, and keys of JSON in brackets.
NAMESAKES = {
    ("src/cli/commands/run.cc", "reduce"): "a key of the plan's JSON",
    ("src/pipeline/backbones.cc", "final"): "a model's role in conversion.json",
    ("src/pipeline/options/options.cc", "reduce"): "an option",
    ("src/pipeline/record_versions.cc", "report"): "the folder of the report's tables",
    ("src/pipeline/steps/app.cc", "app"): "part of an identifier",
}


def read_table():
    table = {}
    for line in (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines():
        if match := ROW.match(line):
            room, allowed = match.groups()
            table[room] = set(re.findall(r"`(\w+)`", allowed))
    return table


def find_cycle(table):
    state = {}

    def visit(room, path):
        if state.get(room) == "done":
            return None
        if room in path:
            return path[path.index(room):] + [room]
        for other in sorted(table.get(room, ())):
            if cycle := visit(other, path + [room]):
                return cycle
        state[room] = "done"
        return None

    for room in table:
        if cycle := visit(room, []):
            return cycle
    return None


def offences(table):
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in {".h", ".cc", ".in", ".inc"}:
            continue
        room = path.relative_to(ROOT / "src").parts[0]
        if room not in table:
            yield f"{path.relative_to(ROOT)}: room {room} is not in ARCHITECTURE.md"
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match or match.group(1) not in table or match.group(1) == room:
                continue
            other, folder, name = match.groups()
            if other not in table[room]:
                yield f"{path.relative_to(ROOT)}:{number}: {room} may not include {other}"
            elif folder and name != folder:
                yield f"{path.relative_to(ROOT)}:{number}: {folder}/ is {other}'s own; its door is a header of src/{other}/"


def reaches():
    """(file, line, what) of code below `cli` that reaches for what only `cli` may."""
    for path in sorted([*(ROOT / "src").rglob("*"), *(ROOT / "include").rglob("*")]):
        if path.suffix not in {".h", ".cc", ".c"} or path.name.endswith("_test.cc") or path.parts[-2:-1] == ("testdata",):
            continue
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("src/cli/"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            code = COMMENT_OR_STRING.sub("", line)
            for what, pattern in REACHES.items():
                if pattern.search(code):
                    yield name, number, what


def step_names():
    """(file, line, name) of steps' names that are spelt outside STEP_NAMES, and none there at all as (STEP_NAMES, 0, "")."""
    names = re.findall(r'\bk\w+(?:Step|Command) = "(\w+)"', (ROOT / STEP_NAMES).read_text(encoding="utf-8"))
    if not names:
        yield STEP_NAMES, 0, ""
    spelt = re.compile(r'(?<!\[)(?<!\.title = )"(' + "|".join(names) + r')"(?!\])')
    for room in ("pipeline", "library", "cli"):
        for path in sorted((ROOT / "src" / room).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix not in {".h", ".cc"} or path.name.endswith("_test.cc") or name == STEP_NAMES:
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                for match in spelt.finditer(line.split("//")[0]):
                    yield name, number, match.group(1)


def main():
    table = read_table()
    found = list(offences(table))
    seen = list(reaches())
    found += [f"{name}:{number}: {what} is for cli alone; let it be handed in" for name, number, what in seen
              if (name, what) not in OUTSIDE]
    found += [f"tools/check_includes.py: OUTSIDE names {name}, which does not reach for {what}" for name, what in OUTSIDE
              if (name, what) not in {(n, w) for n, _, w in seen}]
    spelt = list(step_names())
    found += [f"{name}:{number}: the step \"{step}\" is spelt here; take its constant from {STEP_NAMES}, or a column of the step table"
              for name, number, step in spelt if (name, step) not in NAMESAKES]
    found += [f"tools/check_includes.py: NAMESAKES names {place}, which is not there" for place in NAMESAKES
              if place not in {(name, step) for name, _, step in spelt}]
    if len(table) < 10:
        found.append("ARCHITECTURE.md: the table of rooms was not found")
    if cycle := find_cycle(table):
        found.append("ARCHITECTURE.md: a cycle: " + " -> ".join(cycle))
    forbidden = {"nn", "train", "search", "convert"} & table.get("verify", set())
    if forbidden:
        found.append(f"ARCHITECTURE.md: verify judges only what was shipped; it may not include {sorted(forbidden)}")
    for line in found:
        print(line)
    if not found:
        print(f"rooms: {len(table)} rooms, every include as the table says; nothing below cli asks for environment, time or terminal")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
