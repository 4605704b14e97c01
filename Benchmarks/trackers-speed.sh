#!/usr/bin/env bash
# Frames per second of every point tracker at its default settings: a grid of points through a clip in memory, networks compiled before. Prints a
# Markdown table.
#   bash Benchmarks/trackers-speed.sh [TRACKER...]      FRAMES=48 POINTS=100 WIDTH=512 HEIGHT=384 are the defaults
# Generated weights: the time does not depend on them but in PIPs, whose windows begin where a point is surest. Needs what
# Benchmarks/tracker-checkpoints.sh says.
set -euo pipefail
cd "$(dirname "$0")/.."
. Benchmarks/tracker-checkpoints.sh
[ $# -gt 0 ] || set -- "${trackers[@]}"
processor=$(grep -m1 'model name' /proc/cpuinfo 2>/dev/null | cut -d: -f2 || sysctl -n machdep.cpu.brand_string)
echo "Processor:$processor, $(getconf _NPROCESSORS_ONLN) cores. ${FRAMES:=48} frames of ${WIDTH:=512}x${HEIGHT:=384}, ${POINTS:=100} points."
echo
echo "| tracker | frames/s | ms a frame | of all cores together | ms for adding the points | peak memory |"
echo "|---|---|---|---|---|---|"
for tracker in "$@"; do
  follow "$tracker" "$WIDTH" "$HEIGHT" "$FRAMES" "$POINTS" --warm | awk -v name="$tracker" \
    '{ printf "| %s | %.2f | %.1f | %.1f | %.0f | %.0f MB |\n", name, 1000 / $2, $2, $3, $4, $5 / 1024 }'
done
