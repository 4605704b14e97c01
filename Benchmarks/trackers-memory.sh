#!/usr/bin/env bash
# Peak memory of every point tracker over growing videos: 100 and 1,000 small frames, few points, fewest iterations. Prints a Markdown table.
#   bash Benchmarks/trackers-memory.sh [TRACKER...]
# Generated weights; needs what Benchmarks/tracker-checkpoints.sh says.
set -euo pipefail
cd "$(dirname "$0")/.."
. Benchmarks/tracker-checkpoints.sh
export MALLOC_ARENA_MAX=1  # one heap, as sampt asks for
[ $# -gt 0 ] || set -- "${trackers[@]}"
echo "| tracker | peak, 100 frames | 1,000 frames | change |"
echo "|---|---|---|---|"
for tracker in "$@"; do
  # Compiles, so that both runs find what they need in the cache (but for windows as long as the video).
  follow "$tracker" 128 96 24 4 --quick >/dev/null
  short=$(follow "$tracker" 128 96 100 4 --quick | awk '{ print $5 }')
  long=$(follow "$tracker" 128 96 1000 4 --quick | awk '{ print $5 }')
  awk -v name="$tracker" -v a="$short" -v b="$long" \
    'BEGIN { printf "| %s | %.0f MB | %.0f MB | %+.1f %% |\n", name, a / 1024, b / 1024, 100 * (b - a) / a }'
done
