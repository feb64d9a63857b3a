#!/usr/bin/env bash
# How many instructions of a 64-bit ARM one picture takes: count_instructions.sh BUILD MODEL:SIZE ... Counted, not timed: under emulation a second says
# nothing. Plain loops are what GCC makes of the same file when it may not see NEON (it may still use NEON itself).
set -euo pipefail
build=$(realpath "$1"); shift
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build/tests_bin/make_models" "$work" "$@" >/dev/null
cat >"$work/times.c" <<'END'
#include <stdlib.h>
#include "check.h"
_Alignas(16) static uint8_t arena[HANDLENS_ARENA_BYTES];
int main(int argc, char** argv) {
  float scores[HANDLENS_CLASSES];
  for (int i = 0; argc == 2 && i < atoi(argv[1]); ++i) handlens_classify(pictures[0], arena, scores);
  return 0;
}
END
count() {  # program, times: one line an instruction
  qemu-aarch64 -singlestep -d exec,nochain -D /dev/stdout "$1" "$2" | wc -l
}
for folder in "$work"/*/; do
  for kind in "plain loops:-U__ARM_NEON" "NEON:-march=armv8-a" "NEON with SDOT:-march=armv8.2-a+dotprod"; do
    aarch64-linux-gnu-gcc -static -std=c11 -O3 "${kind#*:}" -w -I "$folder" "$work/times.c" "${folder}model.c" -o "$work/times"
    echo "$(basename "$folder"), ${kind%:*}: $(($(count "$work/times" 2) - $(count "$work/times" 1))) instructions"
  done
done
