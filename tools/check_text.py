#!/usr/bin/env python3
"""Checks the texts: every relative link and every file named in backticks with a path in the Markdown files exists."""
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


def main():
    pages = [p for p in sorted(ROOT.rglob("*.md")) if not any(part.startswith(("build", ".", "node_modules"))
                                                            for part in p.relative_to(ROOT).parts)]
    found = [line for page in pages for line in missing(page)]
    for line in found:
        print(line)
    if not found:
        print(f"texts: {len(pages)} pages, every link and every named file exists")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
