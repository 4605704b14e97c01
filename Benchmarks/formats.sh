#!/usr/bin/env bash
# Peak memory and time of every annotation format over 1,000 and FRAMES frames with three objects, written and read one by one
# (docs/results.md, "Annotation formats"):
#   bash Benchmarks/formats.sh [FORMAT...]
# FRAMES is 10000 unless set; SIZE "320 180".
set -euo pipefail
cd "$(dirname "$0")/.."
long=${FRAMES:-10000}
size=${SIZE:-320 180}
for product in benchmark-formats sampt; do swift build -c release -Xswiftc -enable-testing --product $product >&2; done
[ $# -gt 0 ] || mapfile -t formats < <(.build/release/sampt convert --list --json | python3 -c 'import json, sys; [print(f["name"]) for f in json.load(sys.stdin)]')
[ $# -gt 0 ] && formats=("$@")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "| format | writing: 1,000 frames | $long | time | reading: 1,000 frames | $long | time |"
echo "|---|---|---|---|---|---|---|"
for format in "${formats[@]}"; do
  row="| $format |"
  for what in write read; do
    peaks=()
    for frames in 1000 "$long"; do
      mkdir -p "$work/$frames"
      # shellcheck disable=SC2086
      read -r seconds peak < <(.build/release/benchmark-formats $what "$format" "$frames" "$work/$frames" $size) || { seconds='' peak=''; }
      peaks+=("${peak:-}")
    done
    if [ -n "${peaks[0]}" ]; then row+=" ${peaks[0]} MB | ${peaks[1]} MB | $(printf '%.1f' "$seconds") s |"; else row+=" | | |"; fi
  done
  rm -rf "${work:?}"/*
  echo "$row"
done
