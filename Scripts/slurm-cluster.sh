# A cluster of three nodes on this machine, for tests: `source` this, then start_cluster FOLDER, and stop_cluster at the end. Its processes
# are its own: nothing of a Slurm that may be installed is used or changed.
PATH="$PATH:/usr/sbin:/sbin"

# start_cluster FOLDER: an empty folder with a short path.
start_cluster() {
  cluster=$1
  cluster_host=$(hostname -s)
  mkdir -p "$cluster"/{state,spool,log,munge,pids}
  chmod 700 "$cluster/munge"
  head -c 1024 /dev/urandom >"$cluster/munge/key"
  chmod 400 "$cluster/munge/key"
  # Ports of their own, so that two tests can run beside each other.
  local port=$((20000 + RANDOM % 20000))
  cat >"$cluster/slurm.conf" <<CONF
ClusterName=sampt
SlurmctldHost=$cluster_host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$cluster/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool/%n
SlurmctldPidFile=$cluster/pids/slurmctld
SlurmdPidFile=$cluster/pids/slurmd-%n
SlurmctldLogFile=$cluster/log/slurmctld
SlurmdLogFile=$cluster/log/slurmd-%n
SlurmctldPort=$port
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
SlurmdParameters=config_overrides
SlurmdTimeout=6
SlurmctldTimeout=30
KillWait=2
MinJobAge=10
ReturnToService=2
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=n1 NodeHostname=$cluster_host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=1 RealMemory=4000
NodeName=n2 NodeHostname=$cluster_host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=1 RealMemory=4000
NodeName=n3 NodeHostname=$cluster_host NodeAddr=127.0.0.1 Port=$((port + 3)) CPUs=1 RealMemory=4000
PartitionName=main Nodes=n1,n2,n3 Default=YES MaxTime=INFINITE PriorityTier=1 State=UP
PartitionName=urgent Nodes=n1,n2,n3 MaxTime=INFINITE PriorityTier=10 State=UP
CONF
  # Newer versions look for control groups though nothing here uses them; older ones do not know the word.
  case "$(slurmd -V)" in
  *\ 2[0-2].*) ;;
  *) printf 'CgroupPlugin=disabled\n' >"$cluster/cgroup.conf" ;;
  esac
  export SLURM_CONF=$cluster/slurm.conf
  munged --foreground --force --key-file="$cluster/munge/key" --socket="$cluster/munge/socket" --pid-file="$cluster/munge/pid" \
    --log-file="$cluster/munge/log" --seed-file="$cluster/munge/seed" >"$cluster/log/munged.out" 2>&1 &
  echo $! >"$cluster/pids/munged.started"
  local i
  for ((i = 0; i < 100; i++)); do [ -S "$cluster/munge/socket" ] && break || sleep 0.1; done
  start_controller
  local node
  for node in n1 n2 n3; do start_node "$node"; done
  wait_until 60 "three idle nodes" nodes_are_idle
}

start_controller() {
  slurmctld -D -f "$SLURM_CONF" >>"$cluster/log/slurmctld.out" 2>&1 &
  echo $! >"$cluster/pids/slurmctld.started"
}

# start_node NAME
start_node() {
  slurmd -D -N "$1" -f "$SLURM_CONF" >>"$cluster/log/slurmd-$1.out" 2>&1 &
  echo $! >"$cluster/pids/slurmd-$1.started"
}

# end_daemon NAME SIGNAL: and waits for its end.
end_daemon() {
  local pid
  pid=$(cat "$cluster/pids/$1.started")
  kill "-$2" "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

nodes_are_idle() { [ "$(sinfo --noheader --Node --partition=main --format=%T 2>/dev/null | grep -c '^idle$')" = 3 ]; }

# wait_until SECONDS WHAT COMMAND...: fails with a message where the command does not succeed in time.
wait_until() {
  local seconds=$1 what=$2 begin=$SECONDS
  shift 2
  until "$@"; do
    [ $((SECONDS - begin)) -lt "$seconds" ] || {
      echo "test-slurm: waited $seconds s for $what" >&2
      return 1
    }
    sleep 0.2
  done
}

stop_cluster() {
  [ -n "${cluster:-}" ] || return 0
  scancel --full --user="$(id -un)" >/dev/null 2>&1 || true
  sleep 1
  local daemon
  for daemon in slurmd-n1 slurmd-n2 slurmd-n3 slurmctld munged; do end_daemon "$daemon" TERM; done
}
