#!/usr/bin/env bash
# GNU parallel starts three shards by the script that `handlens cluster` writes; then again, with a folder whose name has a blank, and
# shards that are killed.
# usage: parallel.sh BUILD_FOLDER; exit 77: skipped
source "$(dirname "$0")/common.sh" "$1"
trap 'rm -rf "$work"' EXIT
command -v parallel >/dev/null && parallel --version 2>/dev/null | grep -q '^GNU parallel' || skip "no GNU parallel"
alone
new_run "RUN it's"
handlens cluster "RUN it's" --parallel --tasks 3 --threads 1 "${SEARCH[@]}" >out 2>&1 || fail "cluster: $(cat out)"
# A shard that dies takes the others' time, and nothing else.
handlens search "RUN it's" --shard 1/3 --jobs 1 -q >killed.out 2>&1 &
sleep 0.4
kill -KILL $! 2>/dev/null; wait $! 2>/dev/null
bash "RUN it's/cluster/run.sh" >out 2>&1 || fail "run.sh: $(cat out)"
[ "$(grep -c 'all trials are done' out)" = 3 ] || fail "not three shards: $(cat out)"
same_as_alone "RUN it's"
echo "three shards, one killed before, the result of one process"
