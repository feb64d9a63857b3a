# A Slurm of one node of two processors, of this user and for one test: sourced. Sets slurm_why when it cannot be started.
# usage: slurm_start FOLDER; slurm_stop
# Ports are of the test's own, so that two may run at once and a real Slurm is not disturbed.
slurm_pids=()

slurm_start() {
  local folder=$1 port
  slurm_why=''
  PATH=$PATH:/usr/sbin
  local tool
  for tool in munged slurmctld slurmd sbatch scontrol scancel squeue; do
    command -v "$tool" >/dev/null || { slurm_why="no $tool"; return 1; }
  done
  mkdir -p "$folder"/{state,spool,munge}
  chmod 0755 "$folder"
  port=$((20000 + ($$ % 2000) * 10))
  (umask 077; head -c 1024 /dev/urandom >"$folder/munge/key")
  chmod 0700 "$folder/munge"
  munged --foreground --force --key-file="$folder/munge/key" --socket="$folder/munge.socket" --pid-file="$folder/munge/pid" \
    --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" >"$folder/munged.out" 2>&1 &
  slurm_pids+=($!)
  cat >"$folder/slurm.conf" <<CONF
ClusterName=handlens
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0
JobRequeue=1
KillWait=5
ReturnToService=2
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN
PartitionName=cpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  export SLURM_CONF=$folder/slurm.conf
  slurmctld -D >"$folder/slurmctld.out" 2>&1 &
  slurm_pids+=($!)
  slurmd -D >"$folder/slurmd.out" 2>&1 &
  slurm_pids+=($!)
  local i
  for ((i = 0; i < 150; ++i)); do
    [ "$(sinfo -h -o %T 2>/dev/null)" = idle ] && return 0
    sleep 0.1
  done
  slurm_why="Slurm does not come up: $(tail -qn 3 "$folder"/*.log "$folder"/*.out 2>/dev/null | tr '\n' ' ')"
  return 1
}

# Its own processes only, by number. The keepers of steps (slurmstepd), which slurmd leaves behind, are known by the files that they hold open.
slurm_stop() {
  local pid i
  if [ -n "${SLURM_CONF:-}" ]; then
    timeout 5 scancel --quiet --signal=KILL --full --user "$(id -un)" 2>/dev/null
    timeout 5 scancel --quiet --user "$(id -un)" 2>/dev/null
    for ((i = 0; i < 50; ++i)); do
      [ -z "$(timeout 2 squeue -h 2>/dev/null)" ] && break
      sleep 0.1
    done
    for pid in $(pgrep -f slurmstepd); do
      ls -l "/proc/$pid/fd" "/proc/$pid/cwd" 2>/dev/null | grep -qF "$(dirname "$SLURM_CONF")/" && slurm_pids+=("$pid")
    done
  fi
  for pid in "${slurm_pids[@]}"; do kill "$pid" 2>/dev/null; done
  for ((i = 0; i < 30; ++i)); do
    for pid in "${slurm_pids[@]}"; do kill -0 "$pid" 2>/dev/null && sleep 0.1 && continue 2; done
    break
  done
  for pid in "${slurm_pids[@]}"; do kill -KILL "$pid" 2>/dev/null; done
  slurm_pids=()
}
