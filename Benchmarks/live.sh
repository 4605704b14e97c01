#!/usr/bin/env bash
# Latency of a live source: a sequence of DAVIS, forwards and backwards without end, at 25 frames per second into `sampt segment --live -`.
#   Benchmarks/live.sh DAVIS_FOLDER [SECONDS [SEQUENCE [option of sampt...]]]
# Prints the distribution of latencies, frames used and dropped, and the resident memory after 10 s, at the end and at most (Linux).
set -euo pipefail
cd "$(dirname "$0")/.."
davis=${1:?the folder that holds JPEGImages/480p and Annotations/480p}
seconds=${2:-600}
sequence=${3:-}
shift $(($# < 3 ? $# : 3))
[ -n "$sequence" ] || sequence=$(basename "$(ls -d "$davis"/JPEGImages/480p/*/ | head -1)")
[ -n "${SAMPT:-}" ] || swift build -c release -Xswiftc -enable-testing --product sampt
sampt=${SAMPT:-.build/release/sampt}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ffmpeg -v error -framerate 25 -i "$davis/JPEGImages/480p/$sequence/%05d.jpg" -pix_fmt yuv420p -f yuv4mpegpipe "$work/clip.y4m"
mkfifo "$work/pipe"
grep -m1 'model name' /proc/cpuinfo 2>/dev/null || sysctl -n machdep.cpu.brand_string
echo "$sequence, $seconds s at 25 frames/s, load $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || uptime)"
python3 Benchmarks/live-source.py "$work/clip.y4m" 25 "$seconds" > "$work/pipe" &
"$sampt" segment --live - --mask "$davis/Annotations/480p/$sequence/00000.png" --rle "$work/masks.json" --json "$@" \
  < "$work/pipe" > "$work/summary.json" 2> "$work/progress.txt" &
pid=$!
memory() { awk -v name="$1" '$1 == name":" {printf "%.0f MB", $2 / 1024}' "/proc/$pid/status" 2>/dev/null || true; }
sleep 10
first=$(memory VmRSS)
while kill -0 "$pid" 2>/dev/null; do
  now=$(memory VmRSS)
  if [ -n "$now" ]; then last=$now; most=$(memory VmHWM); fi
  sleep 1
done
wait "$pid"
cat "$work/summary.json"
echo "resident memory: $first after 10 s, ${last:-?} at the end, ${most:-?} at most"
echo "load at the end: $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || uptime)"
tail -3 "$work/progress.txt"
