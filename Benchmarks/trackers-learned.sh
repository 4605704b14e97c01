#!/usr/bin/env bash
# Learned point trackers against their reference code with PyTorch, on this machine, in turns, with the same generated weights:
#   bash Benchmarks/trackers-learned.sh [--frames N] [--points N] [--rounds N] [--exact]
# Prints a Markdown table. Needs the folder with reference data (SAMPT_SHARED, or `shared` beside the checkout) for the weights,
# and .deps/venv-torch (Benchmarks/segmenters.sh makes it). COTRACKER_REPOSITORY (version 1) and
# COTRACKER3_REPOSITORY (2 and 3) name checkouts of the reference to use instead of clones.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${SAMPT_SHARED:-$(dirname "$PWD")/shared}
python=.deps/venv-torch/bin/python
[ -x "$python" ] || { echo "trackers-learned: run Benchmarks/segmenters.sh first, which makes .deps/venv-torch" >&2 && exit 2; }
"$python" -c 'import einops' 2>/dev/null || "$python" -m pip install --quiet --disable-pip-version-check einops
repository=${COTRACKER_REPOSITORY:-.deps/co-tracker}
if [ ! -e "$repository" ]; then
  git clone --quiet https://github.com/facebookresearch/co-tracker "$repository"
  git -C "$repository" checkout --quiet 3df9662  # the last of version 1
fi
later=${COTRACKER3_REPOSITORY:-.deps/co-tracker3}
[ -e "$later" ] || git clone --quiet https://github.com/facebookresearch/co-tracker "$later"
swift build -c release -Xswiftc -enable-testing --product benchmark-trackers

weights=.deps/generated-weights
mkdir -p "$weights"
# Named as published: the name tells the variant.
checkpoint=$weights/cotracker_stride_4_wind_8.pth
[ -e "$checkpoint" ] || "$python" "$shared/parity/make_checkpoint.py" "$shared/parity/cotracker_v1/manifest.json" "$checkpoint"
processor=$(grep -m1 'model name' /proc/cpuinfo 2>/dev/null | cut -d: -f2 || sysctl -n machdep.cpu.brand_string)
echo "Processor:$processor, $(getconf _NPROCESSORS_ONLN) cores. Seconds for the clip (512x384), the best of all rounds; x: the reference's time over"
echo "ours; px: the largest distance from the reference's trajectories; MB: peak of our process."
echo
echo "| tracker | points | frames | reference | ours (float32) | x | px | MB | bfloat16 encoder | x | px | MB | bfloat16 | x | px | MB |"
echo "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
"$python" Benchmarks/trackers-learned.py .build/release/benchmark-trackers cotracker "$checkpoint" "$repository" "$@"
for tracker in cotracker2 cotracker3_offline cotracker3_online; do
  checkpoint=$weights/$tracker.pth
  [ -e "$checkpoint" ] || "$python" "$shared/parity/make_checkpoint.py" "$shared/parity/$tracker/manifest.json" "$checkpoint"
  "$python" Benchmarks/trackers-learned.py .build/release/benchmark-trackers "$tracker" "$checkpoint" "$later" "$@"
done
