#!/usr/bin/env bash
# Timed comparisons on this machine, each pair in one run. What is not installed is left out with a message.
set -euo pipefail
cd "$(dirname "$0")/.."
video=${1:-.deps/bigbuckbunny.mp4}

bash Scripts/setup.sh demo
swift build -c release -Xswiftc -enable-testing --product sampt
swift build -c release -Xswiftc -enable-testing --product benchmark-trackers
swift build -c release -Xswiftc -enable-testing --product benchmark-pipeline
grep -m1 'model name' /proc/cpuinfo 2>/dev/null || sysctl -n machdep.cpu.brand_string

echo "== Lucas-Kanade against OpenCV =="
if [ ! -x .deps/venv/bin/python ]; then
  python3 -m venv .deps/venv && .deps/venv/bin/pip install --quiet 'opencv-python-headless==5.0.0.*' numpy || echo "OpenCV could not be installed"
fi
for points in 24 256; do
  .build/release/benchmark-trackers "$video" "$points"
  .deps/venv/bin/python Benchmarks/lucas-kanade.py "$video" "$points" || true
done

echo "== The stages of a frame =="
.build/release/benchmark-pipeline "$video" 450 150 60

echo "== The whole pipeline =="
.build/release/sampt segment "$video" --point 450,150 --frame 60 --forward-only --overlay "$(mktemp -d)/overlay.mp4"
