#!/usr/bin/env bash
# From the Flutter project back to the run: `handlens app --target flutter`, records made by its own Dart and C, `handlens verify --import`.
# Usage: flutter.sh BUILD_DIR. Exit status 77 (skipped, and counted as such) when something that it needs is not there.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
for tool in node python3 cc cmake; do command -v "$tool" >/dev/null || skip "$tool is not there"; done
[ -d "$here/../wrappers/node_modules/web-tree-sitter" ] || skip "the grammars are not there; tests/wrappers/setup.sh fetches them"
[ -e "$build/apps/flutter/pubspec.yaml" ] || skip "the project is not laid out; apps/native/build.sh does it"
pack_app flutter
mkdir "$work/shared"
python3 "$here/flutter_records.py" "$work/run/apps/flutter" "$work/answers.json"
node "$here/flutter_records.mjs" "$work/run/apps/flutter" "$work/answers.json" "$work/shared"
python3 "$here/bring_home.py" "$build/handlens" "$work/run" "$work/shared" 4 --no-photographs
