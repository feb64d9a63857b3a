#!/usr/bin/env python3
"""Prints the code budgets; exit status 1 when one is exceeded.

Budgets: file 500 lines, function 60 lines, complexity 15 (modified McCabe: 1 + if, for, while, switch, catch, ?, &&, ||), 5
parameters. Universal Ctags finds the functions. Tests count for the files' budget only. A room above 3,000 lines of code
(without tests, empty lines and comments) has folders.

C is left out of the parameters' budget: a contract in C (a .c file, or a header with extern "C") is called from Java, Dart,
Swift, JavaScript and by strangers' programs, one argument a value; it has no structs with named fields at the call.
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE_LINES, FUNCTION_LINES, COMPLEXITY, PARAMETERS, FLAT_ROOM = 500, 60, 15, 5, 3000
DECISION = re.compile(r"\b(?:if|for|while|switch|catch)\b|\?(?!\?)|&&|\|\|")
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
LEFT_OUT = {"testdata", "node_modules", "dist"}


def sources():
    for folder in ("src", "include", "examples", "bench", "tools", "studies", "apps", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            known = path.suffix in {".cc", ".h", ".c", ".py", ".js", ".ts", ".mjs", ".java", ".css", ".sh"}
            if path.is_file() and known and not LEFT_OUT & set(path.parts):
                yield path


def tags(paths):
    """What Universal Ctags says of every function and every declaration of one."""
    command = ["ctags", "--output-format=json", "--languages=C++,C", "--kinds-C++=fp", "--kinds-C=fp", "--fields=+neS", "-f", "-",
               "-L", "-"]
    listing = subprocess.run(command, input="\n".join(map(str, paths)), capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in listing.splitlines()]


def parameters(signature):
    """How many parameters: the commas of "(int a, std::map<int, int> b)" that stand in no inner brackets."""
    depth, count, before = 0, 0, ""
    inner = signature[1:signature.rindex(")")]
    for character in inner:
        if character in "(<[{":
            depth += 1
        elif character in ")]}" or (character == ">" and before != "-"):
            depth -= 1
        elif character == "," and depth == 0:
            count += 1
        before = character
    return count + 1 if inner.strip() not in {"", "void"} else 0


def flat_rooms():
    """(room, lines of code) of every room that has no folder of sources."""
    for room in sorted(path for path in (ROOT / "src").iterdir() if path.is_dir()):
        files = [p for p in room.rglob("*") if p.suffix in {".cc", ".h", ".c"} and not LEFT_OUT & set(p.parts)]
        if all(path.parent == room for path in files):
            lines = (line.strip() for path in files if not path.name.endswith("_test.cc")
                     for line in path.read_text(encoding="utf-8").splitlines())
            yield room.name, sum(1 for line in lines if line and not line.startswith("//"))


def main():
    over, total, worst, count, most = [], 0, (0, ""), 0, 0
    texts = {path: path.read_text(encoding="utf-8") for path in sources()}
    for path, text in texts.items():
        lines = text.count("\n")
        total += lines
        if lines > FILE_LINES:
            over.append(f"{path.relative_to(ROOT)}: {lines} lines, the budget is {FILE_LINES}")
    code = [path for path in texts if path.suffix in {".cc", ".h", ".c"} and not path.name.endswith("_test.cc")]
    for tag in tags(code):
        path, name, first, last = pathlib.Path(tag["path"]), tag["name"], tag["line"], tag.get("end")
        given = parameters(tag["signature"]) if "signature" in tag else 0
        most = max(most, given)
        if given > PARAMETERS and path.suffix != ".c" and 'extern "C"' not in texts[path]:
            over.append(f"{path.relative_to(ROOT)}:{first}: {name}: {given} parameters, the budget is {PARAMETERS}; give it a "
                        "struct")
        if tag["kind"] != "function" or last is None:
            continue
        count += 1
        body = "\n".join(texts[path].splitlines()[first - 1:last])
        body = COMMENT_OR_STRING.sub("", body)
        complexity = 1 + len(DECISION.findall(body))
        where = f"{path.relative_to(ROOT)}:{first}: {name}"
        worst = max(worst, (complexity, where))
        if complexity > COMPLEXITY:
            over.append(f"{where}: complexity {complexity}, the budget is {COMPLEXITY}")
        if last - first + 1 > FUNCTION_LINES:
            over.append(f"{where}: {last - first + 1} lines, the budget is {FUNCTION_LINES}")
    for room, lines in flat_rooms():
        if lines > FLAT_ROOM:
            over.append(f"src/{room}: {lines} lines of code in one folder, the budget is {FLAT_ROOM}; give it folders")
    for room, lines in flat_rooms():
        if lines > FLAT_ROOM:
            over.append(f"src/{room}: {lines} lines of code in one folder, the budget is {FLAT_ROOM}; give it folders")
    if count < 100 or most <= PARAMETERS:  # the contract in C has more: were they not seen, nothing was
        over.append(f"only {count} functions with at most {most} parameters were found: the check does not see the code")
    print(f"budgets: {len(texts)} files, {total} lines, {count} functions; highest complexity {worst[0]} ({worst[1]})")
    for line in over:
        print(line)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
