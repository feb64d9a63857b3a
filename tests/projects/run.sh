#!/usr/bin/env bash
# The iPhone and the Flutter project: words read back, Swift and Dart parsed, the C code run here and compiled for iPhones.
# Usage: run.sh BUILD_DIR. Exit status 77 (skipped, and counted as such) when something that it needs is not there.
set -euo pipefail
build=$(cd "${1:?usage: run.sh BUILD_DIR}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
skip() { echo "skipped: $1"; exit 77; }
for tool in node python3 cc cmake clang; do command -v "$tool" >/dev/null || skip "$tool is not there"; done
[ -d "$here/../wrappers/node_modules/xcode" ] || skip "the grammars are not there; tests/wrappers/setup.sh fetches them"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
BUILD_DIR=$work/built "$here/../../apps/native/build.sh"
"$build/tests_bin/pack_projects" "$work/built/apps" "$work/packed"
node "$here/parse.mjs" "$work/packed"
python3 "$here/check.py" "$work/packed"
# For the phones' processor, in Apple's object format. There is no linker and no header of Apple's here.
for sample in "$work"/packed/*; do
  for file in "$sample"/ios/native/*.c "$sample"/flutter/native_model/ios/Classes/*.c; do
    for processor in apple-a9 apple-a13; do  # without SDOT and with it
      clang --target=arm64-apple-ios16 -mcpu=$processor -std=c11 -ffreestanding -O2 -ffp-contract=off -Wall -Wextra -Werror -isystem "$here/stubs" \
        -c "$file" -o "$work/object.o"
    done
  done
done
echo "C code compiled for arm64 iPhones"
