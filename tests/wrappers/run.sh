#!/usr/bin/env bash
# Hostile labels in the wrappers of all six languages, read back by each language's grammar. Usage: run.sh BUILD_DIR.
# Exit status 77 (skipped, and counted as such) when something that it needs is not there.
set -euo pipefail
build=$(cd "${1:?usage: run.sh BUILD_DIR}" && pwd)
cd "$(dirname "$0")"
skip() { echo "skipped: $1"; exit 77; }
command -v node >/dev/null || skip "node is not there"
[ -d node_modules/web-tree-sitter ] || skip "the grammars are not there; tests/wrappers/setup.sh fetches them"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build/tests_bin/hostile_wrappers" "$work"
node parse.mjs "$work"
