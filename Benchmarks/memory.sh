#!/usr/bin/env bash
# Peak memory over growing inputs: 100 and 3,000 frames of one video (the demo's clip, repeated). Needs the ffmpeg program and GNU time.
set -euo pipefail
cd "$(dirname "$0")/.."
bash Scripts/setup.sh demo
swift build -c release -Xswiftc -enable-testing --product sampt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ffmpeg -v error -stream_loop 22 -i .deps/bigbuckbunny.mp4 -an -vf scale=854:480 -frames:v 3000 -c:v libx264 -preset superfast "$work/long.mp4"
for frames in 100 3000; do
  /usr/bin/time -f "$frames frames: %M KB peak, %e s" .build/release/sampt segment "$work/long.mp4" --end "$frames" --frame 48 \
    --point 296,120 --point 300,230 --quiet --overlay "$work/overlay.mp4" --masks "$work/masks" --tracks "$work/tracks.json"
done
