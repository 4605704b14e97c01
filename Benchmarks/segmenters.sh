#!/usr/bin/env bash
# The published segmenters against the reference packages with PyTorch, on this machine, in turns, with the same generated weights:
#   bash Benchmarks/segmenters.sh [MODEL...]
# Prints a Markdown table. Needs the folder with reference data (SAMPT_SHARED, or `shared` beside the checkout) for the weights.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${SAMPT_SHARED:-$(dirname "$PWD")/shared}
[ $# -gt 0 ] || set -- sam-vit-b hq-sam-vit-b mobile-sam light-hq-sam

python=.deps/venv-torch/bin/python
stamp=.deps/venv-torch/.complete
if [ ! -e "$stamp" ]; then
  echo "segmenters: fetching PyTorch and the reference packages" >&2
  rm -rf .deps/venv-torch
  python3 -m venv .deps/venv-torch
  pip() { "$python" -m pip install --quiet --disable-pip-version-check "$@"; }
  # Without the CUDA libraries that PyPI's Linux build asks for and does without on a processor.
  pip 'torch==2.13.0+cpu' || { pip --no-deps torch==2.13.0 && pip filelock typing-extensions sympy networkx jinja2 fsspec setuptools; }
  pip --no-deps torchvision==0.28.0 timm==1.0.31 segment-anything==1.0 segment-anything-hq==0.3 mobilesam-mirror==1.0.0
  pip numpy pillow pyyaml safetensors huggingface_hub
  touch "$stamp"
fi
swift build -c release -Xswiftc -enable-testing --product benchmark-segmenters

weights=.deps/generated-weights
mkdir -p "$weights"
processor=$(grep -m1 'model name' /proc/cpuinfo 2>/dev/null | cut -d: -f2 || sysctl -n machdep.cpu.brand_string)
echo "Processor:$processor, $(getconf _NPROCESSORS_ONLN) cores. Times in milliseconds, the best of all rounds; x: the reference's time over ours."
echo
echo "| model | encoder, reference | ours, default | x | ours, float32 | x | decoder, reference | ours, default | x | ours, float32 | x | logits, relative L2, default | float32 | warm start, s |"
echo "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
for model in "$@"; do
  case $model in
  sam-vit-b) case=sam_vit_b ;; hq-sam-vit-b) case=sam_hq_vit_b ;; mobile-sam) case=mobile_sam ;; light-hq-sam) case=sam_hq_vit_tiny ;;
  *) echo "segmenters: unknown model $model" >&2 && exit 2 ;;
  esac
  [ -e "$weights/$case.pth" ] || "$python" "$shared/parity/make_checkpoint.py" "$shared/parity/$case/manifest.json" "$weights/$case.pth"
  "$python" Benchmarks/segmenters.py .build/release/benchmark-segmenters "$model" "$weights/$case.pth"
done
