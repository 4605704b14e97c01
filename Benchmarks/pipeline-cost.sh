#!/usr/bin/env bash
# What the steps of SAM-PT cost a frame, here and in the reference's arithmetic with PyTorch, one after the other on this machine:
#   bash Benchmarks/pipeline-cost.sh [FRAMES MASK]
# FRAMES is a folder of pictures, MASK the object in the first one. Prints a Markdown table. Needs the folder with reference data
# (SAMPT_SHARED, or `shared` beside the checkout) for weights and for the default clip, .deps/venv-torch (Benchmarks/segmenters.sh makes
# it), and checkouts of the trackers: COTRACKER_REPOSITORY (version 1, commit 3df9662) and PIPS_REPOSITORY (github.com/aharley/pips).
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${SAMPT_SHARED:-$(dirname "$PWD")/shared}
davis=$shared/datasets/davis2016-open
frames=${1:-$davis/JPEGImages/480p/blackswan}
mask=${2:-$davis/Annotations/480p/blackswan/00000.png}
python=.deps/venv-torch/bin/python
[ -x "$python" ] || { echo "pipeline-cost: run Benchmarks/segmenters.sh first, which makes .deps/venv-torch" >&2 && exit 2; }
"$python" -c 'import einops' 2>/dev/null || "$python" -m pip install --quiet --disable-pip-version-check einops
swift build -c release -Xswiftc -enable-testing --product benchmark-pipeline

weights=.deps/generated-weights
mkdir -p "$weights"
checkpoint() { # CASE NAME
  [ -e "$weights/$2.pth" ] || "$python" "$shared/parity/make_checkpoint.py" "$shared/parity/$1/manifest.json" "$weights/$2.pth"
}
checkpoint mobile_sam mobile_sam
checkpoint sam_vit_b sam_vit_b
checkpoint cotracker_v1 cotracker_stride_4_wind_8
checkpoint pips pips
processor=$(grep -m1 'model name' /proc/cpuinfo 2>/dev/null | cut -d: -f2 || sysctl -n machdep.cpu.brand_string)
echo "Processor:$processor, $(getconf _NPROCESSORS_ONLN) cores. Milliseconds a frame, reference / ours (ratio)."
echo
echo "| models | frames | 1 and 4: query points | 2: tracking | 3: image encoder | 3: prompting and masks | all |"
echo "|---|---|---|---|---|---|---|"
row() { "$python" Benchmarks/pipeline-cost.py .build/release/benchmark-pipeline "$frames" "$mask" "$@"; }
row --segmenter mobile-sam "$weights/mobile_sam.pth" --tracker cotracker "$weights/cotracker_stride_4_wind_8.pth" \
  --repository "${COTRACKER_REPOSITORY:-.deps/co-tracker}" --frames 48 --refinements 3
row --segmenter sam-vit-b "$weights/sam_vit_b.pth" --tracker pips "$weights/pips.pth" \
  --repository "${PIPS_REPOSITORY:-.deps/pips}" --frames 12 --refinements 12 --positives 8
row --segmenter nano nano --tracker nano nano --frames 48
