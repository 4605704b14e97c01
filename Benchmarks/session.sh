#!/usr/bin/env bash
# The numbers of an editable run (docs/results.md, "Sessions"): needs ../shared with davis2016-open, the ffmpeg program and GNU time.
#   Benchmarks/session.sh [PART...]
# PART is click, correction, speed, batches, quality or memory; all unless given. DAVIS: the data set's folder. FRAMES: the longest video.
set -euo pipefail
cd "$(dirname "$0")/.."
davis=${DAVIS:-../shared/datasets/davis2016-open}
[ $# -gt 0 ] || set -- click correction speed batches quality memory
export SAMPT_STUDIO=1
for product in benchmark-session sampt sampt-studio; do swift build -c release -Xswiftc -enable-testing --product $product >&2; done
# A clip of 100 frames, and a point on its object in the first one.
clip=$davis/JPEGImages/480p/parkour
point="555 132"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Peak memory of everything that happens to a project of COUNT frames with one object, the time to open it, and what a look at all of it takes.
memory() { # COUNT
  ffmpeg -v error -stream_loop -1 -i "$work/clip.mp4" -frames:v "$1" -c:v libx264 -preset superfast "$work/$1.mp4"
  .build/release/sampt project create "$work/$1.mp4" -o "$work/$1.sampt" --quiet >&2
  printf '%s\n' '{"edit":"add-object","object":1}' '{"edit":"add-point","object":1,"frame":0,"x":320.5,"y":48.5}' > "$work/edits.json"
  .build/release/sampt project apply "$work/$1.sampt" "$work/edits.json" >&2
  /usr/bin/time -o "$work/run" -f '%M %e' .build/release/sampt-studio project propagate "$work/$1.sampt" --quiet >&2
  # An edit in the middle of it, what is known of every frame, the frames to look at.
  printf '%s\n' '{"ask":"confidence","object":1}' '{"ask":"review","count":24}' "{\"ask\":\"mask\",\"object\":1,\"frame\":$(($1 / 2))}" > "$work/look.json"
  /usr/bin/time -o "$work/look" -f '%M %e' .build/release/sampt-studio project apply "$work/$1.sampt" "$work/look.json" > "$work/answers"
  /usr/bin/time -o "$work/open" -f '%M %e' .build/release/sampt-studio project info "$work/$1.sampt" > "$work/answers"
  awk -v count="$1" -v size="$(stat -c %s "$work/$1.sampt")" 'FNR == 1 { memory[FILENAME] = $1 / 1024; seconds[FILENAME] = $2; n[++k] = FILENAME }
    END { printf "| %d | %.0f MB | %.0f s | %.0f MB, %.1f s | %.0f MB, %.2f s | %.1f MB |\n", count, memory[n[1]], seconds[n[1]], memory[n[2]], seconds[n[2]],
      memory[n[3]], seconds[n[3]], size / 1e6 }' "$work/run" "$work/look" "$work/open"
}

for part in "$@"; do
  case $part in
    click | correction | speed | batches)
      # shellcheck disable=SC2086
      .build/release/benchmark-session "$part" "$clip" $point ;;
    quality) .build/release/benchmark-session quality "$davis" ;;
    memory)
      .build/release/sampt evaluate synthesize --count 1 --seed 1 --frames 100 --size 640x96 --format mp4 --out "$work/clips" --quiet
      cp "$(find "$work/clips" -name '*.mp4' | head -n 1)" "$work/clip.mp4"
      echo "| frames | propagate, peak | time | one session of questions | info | file |"
      echo "|---|---|---|---|---|---|"
      for count in 100 1000 "${FRAMES:-10000}"; do memory "$count"; done ;;
    *) echo "unknown part $part" >&2; exit 64 ;;
  esac
done
