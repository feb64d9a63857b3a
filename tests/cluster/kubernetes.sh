#!/usr/bin/env bash
# The Jobs that `handlens cluster --kubernetes` writes are valid by Kubernetes' published schemas, and their pods' commands, run as a
# cluster would run them, end where one process ends. No Kubernetes is needed, and none is shown here.
# usage: kubernetes.sh BUILD_FOLDER; exit 77: skipped
source "$(dirname "$0")/common.sh" "$1"
trap 'rm -rf "$work"' EXIT
python3 -c 'import yaml' 2>/dev/null || skip "no python3-yaml"
alone
mkdir runs
new_run runs/RUN
handlens cluster runs/RUN --kubernetes --tasks 3 --threads 1 --image registry.example/handlens:1 --volume runs "${SEARCH[@]}" >out 2>&1 || fail "cluster: $(cat out)"
bash -n runs/RUN/cluster/submit.sh || fail "submit.sh is no script"
python3 "$here/check_jobs.py" play runs/RUN/cluster/search.yaml runs "$build/handlens" >out 2>&1 || fail "$(cat out)"
[ "$(grep -c 'all trials are done' out)" = 3 ] || fail "not three pods: $(cat out)"
ls runs/node0/*.pixels >/dev/null || fail "the pixels were not copied to the node"
cp -r runs/RUN/cluster jobs
python3 "$here/check_jobs.py" play runs/RUN/cluster/merge-search.yaml runs "$build/handlens" >out 2>&1 || fail "$(cat out)"
same_as_alone runs/RUN
[ -d "$build/assets/kubernetes" ] && python3 -c 'import jsonschema' 2>/dev/null || skip "the pods' commands do as they should; no schema to check the jobs against (tests/cluster/setup.sh fetches it)"
python3 "$here/check_jobs.py" validate "$build/assets/kubernetes" jobs/*.yaml || fail "not valid"
