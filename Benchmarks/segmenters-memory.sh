#!/usr/bin/env bash
# Peak memory of HQ-SAM ViT-H with generated weights (2.6 GB), loading, encoding and decoding: cold (nothing compiled) and warm.
#   bash Benchmarks/segmenters-memory.sh [--float32]
# Needs GNU time, 8 GB of disk, the folder with reference data, and .deps/venv-torch (Benchmarks/segmenters.sh makes it).
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${SAMPT_SHARED:-$(dirname "$PWD")/shared}
swift build -c release -Xswiftc -enable-testing --product benchmark-segmenters
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checkpoint=.deps/generated-weights/sam_hq_vit_h.pth
if [ ! -e "$checkpoint" ]; then
  mkdir -p "$(dirname "$checkpoint")"
  python3 Benchmarks/vit-h-manifest.py "$shared/parity/sam_hq_vit_b/manifest.json" >"$work/manifest.json"
  .deps/venv-torch/bin/python "$shared/parity/make_checkpoint.py" "$work/manifest.json" "$checkpoint"
fi
head -c $((3 * 1024 * 576)) /dev/zero | tr '\0' '\177' >"$work/pixels"
export SAMPT_CACHE="$work/cache"
for state in cold warm; do
  # The first line is the time to the first mask, the second the peak, anonymous and file pages after an encoding and refined masks.
  printf 'encode\ndecode 512.5,288.5,1;600.5,300.5,0\nmemory\n' |
    /usr/bin/time -f "$state: peak %M KB, %e s, %F page faults from disk" .build/release/benchmark-segmenters "$checkpoint" 1024 576 "$work/pixels" "$@"
done
