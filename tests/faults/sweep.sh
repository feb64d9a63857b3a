#!/usr/bin/env bash
# Fails the calls on files of a whole run, one call a run: with EIO, EMFILE and ENOSPC in turn. Each such run ends with exit code 5
# and one sentence, or does without what failed and ends as ever; the same command without a fault then ends with the same bytes
# as a run that never met one. With "finished" the run is one that is finished already, of which nothing may be lost. After a call
# that failed before the verdict, the steps up to the verdict are done again and their bytes compared: it follows from them, and its
# photographs would take most of the time.
# usage: sweep.sh BUILD [EVERY, 1 = each call] [JOBS, runs at once] [new|finished] [FIRST, the call to begin with]
set -eu
build=$(realpath "$1")
every=${2:-1} jobs=${3:-1} from=${4:-new} first=${5:-1}
shim=$build/tests_bin/libfailing_calls.so
work=$(mktemp -d "${TMPDIR:-/tmp}/handlens-faults.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
"$build/tests_bin/make_pictures" pictures 2 4 40
options=(--preset quick --models m1 --generators gen1 --sizes 30 --folds 2 --epochs 1 --exhaustive --reduce never --jobs 1 --name blocks -q --no-input)
# In each of these functions the folder that one is in is the job's own.
run() { "$build/handlens" run "$work/pictures" -o "$1" "${options[@]}" >out 2>err; }
run_again() {
  if [ -f faulty/verdict.json ]; then run "$PWD/faulty"; return; fi
  [ -f faulty/dataset.json ] || "$build/handlens" inspect "$work/pictures" -o "$PWD/faulty" -q >out 2>err || return
  "$build/handlens" describe "$PWD/faulty" "${options[@]}" --yes >out 2>err
}
same() { diff -rq "$work/alone/$1" "faulty/$1" "${@:2}" >/dev/null; }
same_end() {
  same dataset.json && same split.json || return 1
  if [ -f faulty/verdict.json ]; then same verdict.json && same model; else same model -x modelcard.md; fi || return 1
  [ "$from" = new ] || same trials
}
with_fault() {  # call errno
  LD_PRELOAD=$shim FAULT_UNDER=$work FAULT_AT=$1 FAULT_ERRNO=$2 FAULT_LOG=$PWD/log run "$PWD/faulty"
}
begin() {
  rm -rf faulty log
  [ "$from" = new ] || cp -a "$work/alone" faulty
}
ended_well() { [ "$1" = 0 ] || [ "$1" = 4 ]; }

code=0; run "$work/alone" || code=$?
ended_well "$code" || { echo "exit code $code without a fault"; cat err; exit 1; }
begin; code=0; with_fault 0 0 || code=$?
calls=$(sed -n 's/^calls //p' log | tail -1)

sweep() {  # job: its share of the calls; the counts go to the file "counts"
  local tried=0 refused=0 harmless=0 bad=0 at errno code errnos=(5 24 28)  # EIO, EMFILE, ENOSPC
  for ((at = first + $1 * every; at <= calls; at += jobs * every)); do
    errno=${errnos[$((at / every % 3))]}
    tried=$((tried + 1))
    begin; code=0; with_fault "$at" "$errno" || code=$?
    if [ "$code" = 5 ]; then refused=$((refused + 1))
    elif ended_well "$code"; then harmless=$((harmless + 1))
    else
      bad=$((bad + 1)); echo "call $at, errno $errno: exit code $code: $(grep failed log | tail -1); $(tail -1 err)"
    fi
    code=0; run_again || code=$?
    if ! ended_well "$code" || ! same_end; then
      bad=$((bad + 1)); echo "call $at, errno $errno: the run after it: exit code $code: $(grep failed log | tail -1); $(tail -1 err)"
    fi
    if [ -n "$(find faulty -name '.handlens-unfinished-*')" ]; then
      bad=$((bad + 1)); echo "call $at, errno $errno: something unfinished stayed behind"
    fi
    echo "$tried $refused $harmless $bad" >counts
  done
}
for ((job = 0; job < jobs; ++job)); do
  mkdir "job$job"
  (cd "job$job" && echo "0 0 0 0" >counts && sweep "$job") &
done
wait
read -r tried refused harmless bad < <(awk '{for (i = 1; i <= 4; ++i) sum[i] += $i} END {print sum[1], sum[2], sum[3], sum[4]}' job*/counts)
echo "$tried of $calls calls of a $from run failed, one a run: $refused ended with exit code 5, $harmless did without; $bad not as they should"
[ "$bad" = 0 ] && [ "$tried" = $(((calls - first + every) / every)) ]
