#!/usr/bin/env bash
# A Slurm of this test's own (slurm_start.sh) runs what `handlens cluster` writes: an array of four tasks, one of which is stopped by a
# signal, saves, is put back into the queue and goes on; then the merge that waited for all.
# usage: slurm.sh BUILD_FOLDER; exit 77: skipped
EPOCHS=200 SIZE=60  # long enough to be seen, and signalled, while it trains
source "$(dirname "$0")/common.sh" "$1"
source "$here/slurm_start.sh"
trap 'slurm_stop; rm -rf "$work"' EXIT
slurm_start "$work/slurm" || skip "$slurm_why"
alone
new_run RUN
handlens cluster RUN --slurm --tasks 4 --threads 1 --time 10m "${SEARCH[@]}" >out 2>&1 || fail "cluster: $(cat out)"
bash RUN/cluster/submit.sh >submitted 2>&1 || fail "submit.sh: $(cat submitted)"
array=$(sed -n 's/^search: array \([0-9]*\) .*/\1/p' submitted)
merge=$(sed -n 's/^search: .*merge \([0-9]*\)$/\1/p' submitted)
[ -n "$array" ] && [ -n "$merge" ] || fail "no numbers: $(cat submitted)"

wait_for() {  # seconds command...
  local end=$((SECONDS + $1)); shift
  until "$@"; do ((SECONDS < end)) || return 1; sleep 0.1; done
}
trains() { ls -d RUN/trials/*.* >/dev/null 2>&1; }
wait_for 30 trains || fail "nothing is trained: $(squeue; cat RUN/cluster/*.log)"
# Answers late, and with an error when the task is back in the queue by then: what counts is what the task says.
timeout 5 scancel --signal=USR1 --batch "${array}_1" >/dev/null 2>&1 &
scancel=$!
requeued() { grep -q 'asks to be started again' RUN/cluster/search-1.log 2>/dev/null; }
wait_for 20 requeued || fail "task 1 was not put back: $(cat RUN/cluster/search-1.log; squeue)"
# It tries again until it has an answer, and a second signal would end the second start before that has set its trap.
kill "$scancel" 2>/dev/null || true
wait "$scancel" 2>/dev/null || true
sleep 3   # a start before the node has ended the first try fails; Slurm itself waits two minutes
grep -q 'stopped; run the same command again' RUN/cluster/search-1.log || fail "it did not say that it saved"

# Slurm waits two minutes before it starts a task again; a test need not. It may refuse while it is still ending the first try.
ended() {
  local left; left=$(squeue -h -j "$array,$merge" -o '%i %r' 2>/dev/null) || return 1   # a controller that is busy says nothing
  [[ $left == *BeginTime* ]] && timeout 5 scontrol update job "${array}_1" StartTime=now 2>/dev/null
  [ -z "$left" ]
}
wait_for 60 ended || fail "the merge does not end: $(squeue; cat RUN/cluster/*.log)"
[ "$(scontrol -o show job "${array}_1" | sed -n 's/.* Restarts=\([0-9]*\) .*/\1/p')" = 1 ] || fail "task 1 was not started again: $(scontrol -o show job "${array}_1")"
all_say_so() { [ "$(grep -l 'all trials are done' RUN/cluster/search-*.log | wc -l)" = 4 ]; }
wait_for 30 all_say_so || fail "not four tasks: $(tail RUN/cluster/*.log)"
same_as_alone RUN
echo "an array of four, one stopped and started again, a merge after all: the result of one process"
