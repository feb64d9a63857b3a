#!/usr/bin/env bash
# Two ranks of Open MPI search one run folder by the script that `handlens cluster` writes, and end where one process ends.
# usage: mpi.sh BUILD_FOLDER; exit 77: skipped
source "$(dirname "$0")/common.sh" "$1"
trap 'rm -rf "$work"' EXIT
command -v mpirun >/dev/null || skip "no mpirun"
# mpirun refuses root and more ranks than processors unless it is told otherwise.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl=self,vader OMPI_MCA_plm_rsh_agent=false
mpirun -np 2 true >mpi.out 2>&1 || skip "mpirun does not run here: $(tail -n 2 mpi.out)"
alone
new_run RUN
handlens search RUN "${SEARCH[@]}" --shard auto >out 2>&1 && fail "a shard without MPI, Slurm or Kubernetes"
handlens cluster RUN --mpi --tasks 2 --threads 1 "${SEARCH[@]}" >out 2>&1 || fail "cluster: $(cat out)"
bash RUN/cluster/run.sh >out 2>&1 || fail "run.sh: $(cat out)"
[ "$(grep -c 'all trials are done' out)" = 2 ] || fail "not two ranks: $(cat out)"
same_as_alone RUN
echo "two ranks, the result of one process"
