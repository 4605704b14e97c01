#!/usr/bin/env bash
# Peak memory over growing inputs, for each way of sampling points anew: 300 frames and FRAMES frames of one video (the demo's clip, repeated,
# 854x480), three objects marked in frames 48 and 60, so that both directions of time and the temporary files take part:
#   bash Benchmarks/memory.sh [FRAMES [VARIANT...]]
# FRAMES is 3000 unless given; VARIANT as of `sampt segment --reinit`, all unless given; further options of `sampt segment` in OPTIONS.
# Needs the ffmpeg program and GNU time.
set -euo pipefail
cd "$(dirname "$0")/.."
long=${1:-3000}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- rolling off horizon median-area similar-area similar-area-in-step
bash Scripts/setup.sh demo
swift build -c release -Xswiftc -enable-testing --product sampt >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ffmpeg -v error -stream_loop $((long / 125 + 1)) -i .deps/bigbuckbunny.mp4 -an -vf scale=854:480 -frames:v "$long" -c:v libx264 -preset superfast "$work/long.mp4"
peak() { # FRAMES VARIANT: megabytes, seconds
  /usr/bin/time -o "$work/usage" -f "%M %e" .build/release/sampt segment "$work/long.mp4" --end "$1" --reinit "$2" --point 1:296,120 --frame 1:48 \
    --point 2:300,230 --frame 2:48 --point 3:260,300 --frame 3:60 --quiet --masks "$work/masks" --tracks "$work/tracks.json" ${OPTIONS:-} >&2
  rm -rf "$work/masks"
  awk '{ printf "%d %d", $1 / 1024, $2 }' "$work/usage"
}
echo "| points sampled anew | peak, 300 frames | $long frames | change | seconds |"
echo "|---|---|---|---|---|"
for variant in "$@"; do
  read -r short _ <<<"$(peak 300 "$variant")"
  read -r grown seconds <<<"$(peak "$long" "$variant")"
  echo "| $variant | $short MB | $grown MB | $(awk -v a="$short" -v b="$grown" 'BEGIN { printf "%+.1f %%", 100 * (b / a - 1) }') | $seconds |"
done
