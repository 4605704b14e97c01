#!/usr/bin/env bash
# A batch on a real Slurm of three nodes, disturbed in every way: at the end every video has one result, equal to that of an undisturbed run.
#   test-slurm.sh PROGRAM
set -euo pipefail
source "$(dirname "$0")/slurm-cluster.sh"
sampt=$(realpath "$1")
videos=${VIDEOS:-24}
work=$(mktemp -d "${TMPDIR:-/tmp}/slurm.XXXXXX")
out=$work/out
watcher=

fail() {
  echo "test-slurm: $*" >&2
  echo "test-slurm: what was said is in $work" >&2
  exit 1
}
finish() {
  local status=$?
  [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
  stop_cluster
  [ "$status" != 0 ] || rm -rf "$work"
}
trap finish EXIT
say() { echo "test-slurm: [$SECONDS s] $*"; }

"$sampt" evaluate synthesize --count "$videos" --frames 16 --seed 3 --format mp4 --out "$work/clips" --quiet
{
  echo '{"batch": "disturbed", "outputs": ["rle", "masks"]}'
  for clip in "$work"/clips/*.mp4; do
    printf '{"video": "%s", "prompts": {"objects": [{"points": [[128, 128]]}]}}\n' "$clip"
  done
} >"$work/disturbed.jsonl"

# By name and digest, in order.
digests() { sed -E 's/.*"digest":"([0-9a-f]+)".*"id":"([^"]+)".*/\2 \1/' "$1/index.jsonl" | sort; }

say "$videos videos, undisturbed"
"$sampt" batch run "$work/disturbed.jsonl" --out "$work/undisturbed" --workers 2 --threads 1 --quiet
[ "$(digests "$work/undisturbed" | wc -l)" = "$videos" ] || fail "the undisturbed run did not do all"

say "a cluster of three nodes"
start_cluster "$work/cluster"
"$sampt" batch slurm "$work/disturbed.jsonl" --out "$out" --tasks 6 --throttle 3 --cpus 1 --threads 1 --mem 2000 --time 30 \
  --run-option=--lease=20 --submit --watch --interval 1 >"$work/watch.log" 2>&1 &
watcher=$!

results() { find "$out/results" -mindepth 2 -maxdepth 2 2>/dev/null | wc -l; }
have() { [ "$(results)" -ge "$1" ] || ! kill -0 "$watcher" 2>/dev/null; }
running_tasks() { squeue --noheader --array --states=RUNNING --partition=main --format=%i 2>/dev/null; }
is_running() { [ -n "$(running_tasks)" ] || ! kill -0 "$watcher" 2>/dev/null; }
are_three_running() { [ "$(running_tasks | wc -l)" = 3 ] || ! kill -0 "$watcher" 2>/dev/null; }
is_on_n2() { [ -n "$(squeue --noheader --states=RUNNING --nodelist=n2 --format=%i 2>/dev/null)" ] || ! kill -0 "$watcher" 2>/dev/null; }
is_n2_down() { sinfo --noheader --nodes=n2 --partition=main --format=%T 2>/dev/null | grep -q -e 'down' -e '\*'; }
processes() { # PATTERN: the numbers of those whose arguments match
  local folder
  for folder in /proc/[0-9]*; do
    # Processes end while they are looked at.
    if { tr '\0' ' ' <"$folder/cmdline"; } 2>/dev/null | grep -q "$1"; then echo "${folder#/proc/}"; fi
  done
}
# Their arguments name the output folder.
workers() { processes "batch worker --out $out "; }
runs() { processes "batch run .* --out $out "; }
has_worker() { [ -n "$(workers)" ] || ! kill -0 "$watcher" 2>/dev/null; }

wait_until 120 "a first result" have 1
wait_until 60 "a worker" has_worker
say "a worker is killed"
kill -KILL "$(workers | head -n 1)" || true

wait_until 60 "a worker" has_worker
say "a run is killed, and its workers end with it"
kill -KILL "$(runs | head -n 1)" || true

wait_until 60 "three running tasks" are_three_running
say "urgent jobs preempt two of three"
sbatch --parsable --partition=urgent --array=0-1 --mem=3000M --output="$work/urgent.log" --wrap "sleep 1" >"$work/urgent"
wait_until 60 "a preempted task" grep -q "preempted JobId" "$cluster/log/slurmctld"

wait_until 60 "a running task" is_running
task=$(running_tasks | head -n 1)
say "task $task is requeued"
scontrol requeue "$task" || true

wait_until 60 "a running task" is_running
task=$(running_tasks | head -n 1)
if [ -n "$task" ]; then
  say "task $task is cancelled"
  scancel "$task" || true
fi

wait_until 60 "a task on node n2" is_on_n2
say "the slurmd of node n2 is killed, and the controller restarted"
end_daemon slurmd-n2 KILL
end_daemon slurmctld TERM
sleep 2
start_controller
wait_until 60 "the node to be missed" is_n2_down
start_node n2

wait_until 900 "the watcher's end" eval '! kill -0 $watcher 2>/dev/null'
wait "$watcher" || fail "the watcher ended with status $?: $(tail -n 5 "$work/watch.log")"
watcher=
say "$(tail -n 1 "$work/watch.log")"

diff <(digests "$work/undisturbed") <(digests "$out") || fail "results differ from those of the undisturbed run"
[ "$(results)" = "$videos" ] || fail "$(results) results of $videos videos"
"$sampt" batch verify --out "$out" || fail "checksums differ"
left=$(find "$out/claims" "$out/failed" "$out/lost" -type f)
[ -z "$left" ] || fail "claims, failures or losses are left: $left"
grep -q "submitted again" "$work/watch.log" || fail "the cancelled task was not submitted again"
say "$videos videos, each once, equal to the undisturbed run"
