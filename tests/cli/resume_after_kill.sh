#!/usr/bin/env bash
# A run that is killed (SIGKILL) at random moments and started again each time ends with the same bytes as one that was
# left alone: models, predictions, folds, verdict, and the search but for its seconds. usage: resume_after_kill.sh BUILD
set -eu
build=$(realpath "$1")
kills=${KILLS:-20}
work=$(mktemp -d "${TMPDIR:-/tmp}/handlens-kill.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
"$MAKE_PICTURES" pictures 2 20 40
# Enough work to be hit in every step, little enough for a test.
options=(--preset quick --models m1 --generators gen1,gen2 --sizes 30 --folds 2 --epochs 12 --exhaustive --reduce never --jobs 2 --name blocks -q --no-input)
run() { "$build/handlens" run pictures -o "$1" "${options[@]}" >"$1.out" 2>"$1.err"; }

# Exit code 4 is a verdict, not a failure of the run.
accept() { [ "$1" = 0 ] || [ "$1" = 4 ] || { echo "exit code $1"; cat "$2.err"; exit 1; }; }

begun=$(date +%s%N)
code=0; run alone || code=$?
accept "$code" alone
took_ms=$((($(date +%s%N) - begun) / 1000000))

RANDOM=20240517
killed=0 finished=0
for ((i = 0; i < kills; ++i)); do
  # Each attempt gets a moment within what the whole run took, so that no step is too long to be passed; a resumed one may end
  # before it, then the rest starts anew.
  wait_ms=$((20 + RANDOM * RANDOM % took_ms))
  "$build/handlens" run pictures -o killed "${options[@]}" >killed.out 2>killed.err &
  pid=$!
  sleep "$(printf '%d.%03d' $((wait_ms / 1000)) $((wait_ms % 1000)))"
  if kill -9 "$pid" 2>/dev/null; then killed=$((killed + 1)); fi
  code=0; wait "$pid" 2>/dev/null || code=$?
  if [ "$code" = 0 ] || [ "$code" = 4 ]; then
    finished=$((finished + 1))
    diff -rq alone killed -x cache -x timings.json -x 'search.*' -x trials -x 'report*' -x chain.json -x memory.json || { echo "differs after kill $i"; exit 1; }
    rm -rf killed
  elif [ "$code" != 137 ]; then
    echo "attempt $i ended with $code:"; cat killed.err; exit 1
  fi
done
code=0; run killed || code=$?
accept "$code" killed

for file in dataset.json split.json predictions.csv verdict.json handlens.toml; do
  cmp "alone/$file" "killed/$file"
done
for file in $(cd alone/model && find . -type f | sort); do cmp "alone/model/$file" "killed/model/$file"; done
[ "$(cd alone/model && find . -type f | sort)" = "$(cd killed/model && find . -type f | sort)" ]
# Seconds are the one thing that may differ.
plain() { sed -E 's/"seconds": [0-9.e+-]+/"seconds": 0/' "$1"; }
cmp <(plain alone/search.json) <(plain killed/search.json)
cmp <(cut -d, -f1-8 alone/search.csv) <(cut -d, -f1-8 killed/search.csv)
[ "$(ls alone/trials)" = "$(ls killed/trials)" ]
"$build/handlens" check killed -q >/dev/null
# Nothing half-written is left.
[ "$(find alone -type f | sed 's/^alone//' | grep -v '^/report' | sort)" = "$(find killed -type f | sed 's/^killed//' | grep -v '^/report' | sort)" ]
echo "killed $killed times, finished $finished times between; took ${took_ms} ms undisturbed; all bytes the same"
