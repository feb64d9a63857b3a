#!/usr/bin/env python3
"""Checks the texts: every relative link and every file named in backticks with a path in the Markdown files exists; and the
public headers say more than their names.

A public header is one of include/, or one of src/ that another room includes for other things than its tests. Counted are, over
all of them together, lines with a comment (alone or behind code) against lines of code; at least a half. Each begins with a
comment that says what lives here, and has at least 0.15 of its own (a table of facts needs few).
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"`((?:src|docs|tools|studies|bench|tests|apps|data|cmake)/[\w./-]+\.\w+)`")


def missing(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for target in LINK.findall(line):
            if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists():
                yield f"{path.relative_to(ROOT)}:{number}: the link {target} leads nowhere"
        for target in NAMED.findall(line):
            if not (ROOT / target).exists():
                yield f"{path.relative_to(ROOT)}:{number}: `{target}` does not exist"


HEADER_COMMENTS, EACH_HEADER = 0.5, 0.15
INCLUDE = re.compile(r'^\s*#\s*include\s+"([\w/-]+\.h)"', re.M)


def public_headers():
    source = ROOT / "src"
    found = set((ROOT / "include").rglob("*.h"))
    todo = [p for p in source.rglob("*.cc") if not p.name.endswith("_test.cc")]
    seen = set(todo)
    while todo:
        path = todo.pop()
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            header = source / name
            if not header.exists():
                continue
            if header.relative_to(source).parts[0] != path.relative_to(source).parts[0]:
                found.add(header)
            if header not in seen:
                seen.add(header)
                todo.append(header)
    return sorted(found)


def comments_and_code(path):
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return sum("//" in line for line in lines), sum(not line.startswith("//") for line in lines)


def poor_headers(headers):
    comments = code = 0
    for path in headers:
        of_it, lines = comments_and_code(path)
        comments, code = comments + of_it, code + lines
        name = path.relative_to(ROOT)
        if not path.read_text(encoding="utf-8").startswith("//"):
            yield f"{name}: a public header begins with a comment that says what lives here"
        if of_it < EACH_HEADER * lines:
            yield f"{name}: {of_it} lines with a comment of {lines} of code; at least {EACH_HEADER} of them"
    if comments < HEADER_COMMENTS * code:
        yield f"public headers: {comments} lines with a comment of {code} of code; at least {HEADER_COMMENTS} of them"
    if len(headers) < 50:
        yield f"only {len(headers)} public headers were found: the check does not see them"
    print(f"headers: {len(headers)} public ones, {comments / max(code, 1):.2f} lines with a comment a line of code")


def main():
    pages = [p for p in sorted(ROOT.rglob("*.md")) if not any(part.startswith(("build", ".", "node_modules"))
                                                            for part in p.relative_to(ROOT).parts)]
    found = [line for page in pages for line in missing(page)]
    found += poor_headers(public_headers())
    for line in found:
        print(line)
    if not found:
        print(f"texts: {len(pages)} pages, every link and every named file exists")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
