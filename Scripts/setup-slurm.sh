#!/usr/bin/env bash
# Debian's Slurm, munge and GNU parallel, for `make test-slurm`. Nothing is started; the test starts its own. Skipped when they are there.
set -euo pipefail

programs=(slurmctld slurmd sbatch squeue scontrol munged parallel)
missing() {
  local program
  for program in "${programs[@]}"; do
    PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null || return 0
  done
  return 1
}
missing || exit 0

command -v apt-get >/dev/null || {
  echo "setup: this system has no apt-get. Install ${programs[*]} with your package manager, then run make test-slurm again." >&2
  exit 1
}
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
echo "setup: installing Slurm, munge and GNU parallel"
"${as_root[@]}" apt-get update -qq || true
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge parallel >/dev/null || {
  echo "setup: apt-get could not install slurmctld, slurmd, slurm-client, munge and parallel (above). Check the network, then run make test-slurm again." >&2
  exit 1
}
