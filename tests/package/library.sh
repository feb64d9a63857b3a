#!/usr/bin/env bash
# The examples, built by find_package against an installed tree that was moved, and run. usage: library.sh BUILD
set -euo pipefail
build=$(realpath "$1")
source=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d "${TMPDIR:-/tmp}/handlens-library.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() { echo "$*" >&2; exit 1; }

DESTDIR='' cmake --install "$build" --prefix "$work/first" --strip >"$work/log" || { cat "$work/log"; exit 1; }
DESTDIR='' cmake --install "$build" --prefix "$work/first" --component devel >"$work/log" || { cat "$work/log"; exit 1; }
mv "$work/first" "$work/prefix"
cmake -G Ninja -S "$source/examples" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_FLAGS='-Wall -Wextra -Werror' >"$work/log" || { cat "$work/log"; exit 1; }
cmake --build "$work/build" >"$work/log" || { cat "$work/log"; exit 1; }
for example in "$source"/examples/*.cc; do [ "$(wc -l <"$example")" -le 40 ] || fail "$example has more than 40 lines"; done

# One training from memory: a model that the installed program reads, and equal bytes on the second call.
"$work/build/train_from_memory" "$work/memory" >"$work/out" || { cat "$work/out"; fail "train_from_memory failed"; }
grep -Eq '^(3[0-9]|40) of 40 right' "$work/out" || { cat "$work/out"; fail "discs and rings were not learnt"; }
before=$(sha256sum <"$work/memory/model.tflite")
"$work/build/train_from_memory" "$work/memory" >/dev/null && [ "$before" = "$(sha256sum <"$work/memory/model.tflite")" ] || fail "another model"

# Pictures to a verdict, with the installed runtime; continued, nothing is trained again.
pictures=$work/prefix/share/handlens/demo/pictures
quick=(preset=quick models=m1d1 generators=gen1 sizes=30 folds=2 epochs=1 reduce=never for=gallery)
"$work/build/pictures_to_verdict" "$pictures" "$work/run" "${quick[@]}" >"$work/out" 2>"$work/err" || { cat "$work/err"; fail "pictures_to_verdict failed"; }
grep -q ' of 213 right' "$work/out" || { cat "$work/out"; fail "no accuracy"; }
[ -s "$work/run/report.html" ] || fail "no report"
"$work/build/pictures_to_verdict" "$pictures" "$work/run" "${quick[@]}" 2>/dev/null | cmp - "$work/out" || fail "another answer"

# Errors are sentences and the program's own codes.
"$work/build/pictures_to_verdict" "$pictures" "$work/other" presett=quick >"$work/out" 2>&1 && fail "an unknown option was accepted"
grep -q 'there is no option "presett"' "$work/out" || { cat "$work/out"; fail "no sentence about the unknown option"; }
echo "passed"
