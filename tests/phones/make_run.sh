#!/usr/bin/env bash
# A small real run for the tests that bring phones' records home: the demo's pictures, a tiny model trained for a moment.
# Usage: make_run.sh PROGRAM RUN. The verdict on such a model is bad, which is no fault here.
set -euo pipefail
program=${1:?usage: make_run.sh PROGRAM RUN} run=${2:?usage: make_run.sh PROGRAM RUN}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rm -rf "$run"
status=0
"$program" run "$root/data/demo/pictures" -o "$run" --models nano8 --sizes 30 --generators mild --epochs 3 --folds 2 \
  --holdout 1 --reduce never -q >"$run.log" 2>&1 || status=$?
[ "$status" = 0 ] || [ "$status" = 4 ] || { cat "$run.log" >&2; exit 1; }
