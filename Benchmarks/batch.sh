#!/usr/bin/env bash
# A batch against a shell loop over `sampt segment`, and a worker's memory over many clips, on synthetic clips (24 frames of 256x256, one click each):
#   bash Benchmarks/batch.sh [CLIPS]                 both ways over CLIPS clips (100), in turns, ROUNDS times (2). Ten clips once more, with as many
#                                                    threads as a worker has (more round otherwise): results must be equal
#   bash Benchmarks/batch.sh memory [CLIPS]          CLIPS clips of 8 frames (1000) through one worker; its memory as it goes
#   bash Benchmarks/batch.sh overhead [CLIPS]        what the batch itself takes: by the clock between the videos of one worker (CLIPS clips, 30, against
#                                                    one), and by the processor with workers that segment nothing (1000 videos). Under three minutes on
#                                                    a quiet machine
# CLIPS=FOLDER takes clips that `sampt evaluate synthesize --format mp4` made before.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."
what=speed
case "${1:-}" in memory | overhead) what=$1 && shift ;; esac
case $what in memory) count=1000 ;; overhead) count=30 ;; *) count=100 ;; esac
count=${1:-$count}
export SAMPT_STUDIO=1
swift build -c release -Xswiftc -enable-testing --product sampt >&2
program=$PWD/.build/release/sampt
stand_in=$PWD/.build/release/stand-in-batch-worker
[ $what != overhead ] || swift build -c release -Xswiftc -enable-testing --product stand-in-batch-worker >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
made=$((count < 100 ? count : 100))
if [ -n "${CLIPS:-}" ]; then
  ln -s "$(realpath "$CLIPS")" "$work/clips"
else
  "$program" evaluate synthesize --count "$made" --frames $([ $what = memory ] && echo 8 || echo 24) --seed 1 --format mp4 --out "$work/clips" --quiet
fi
python3 - "$work" "$count" <<'PYTHON'
import json, sys

work, count = sys.argv[1], int(sys.argv[2])
videos = json.load(open(f"{work}/clips/tracks.json"))["videos"]
with open(f"{work}/clips.jsonl", "w") as file, open(f"{work}/list.txt", "w") as prompts:
    for i in range(count):
        video = videos[i % len(videos)]
        point = next((t[0] for t in video["tracks"] if t[0] and len(t[0]) == 2), [128, 128])
        line = {"id": f"clip-{i:04}", "video": f"clips/{video['video']}", "prompts": {"objects": [{"points": [point]}]}, "outputs": ["rle"]}
        file.write(json.dumps(line) + "\n")
        print(f"{line['id']} {work}/{line['video']} {point[0]},{point[1]}", file=prompts)
PYTHON
seconds() { # COMMAND...: its seconds by the clock, and of the processor
  /usr/bin/time -o "$work/time" -f "%e %U %S" "$@" >&2
  awk '{ printf "%.1f s, processor %.1f s", $1, $2 + $3 }' "$work/time"
}
loop() {
  mkdir -p "$work/loop"
  while read -r id video point; do "$program" segment "$video" --point "$point" --rle "$work/loop/$id.json" --quiet; done < "$work/list.txt"
}
export -f loop
export program work
if [ $what = memory ]; then
  "$program" batch run "$work/clips.jsonl" --out "$work/batch" --workers 1 --quiet &
  running=$!
  echo "| videos done | memory of the worker |"
  echo "|---|---|"
  step=$((count / 10 > 0 ? count / 10 : 1))
  next=$step
  while kill -0 $running 2> /dev/null; do
    sleep 2
    finished=$(find "$work/batch/results" -name record.json 2> /dev/null | wc -l)
    [ "$finished" -ge "$next" ] || continue
    next=$((finished / step * step + step))
    memory=$(for pid in $(pgrep -P $running); do awk '/VmRSS/ { printf "%d MB ", $2 / 1024 }' "/proc/$pid/status" 2> /dev/null || true; done)
    echo "| $finished | ${memory:-(ending)} |"
  done
  wait $running
  exit
fi
if [ $what = overhead ]; then
  echo "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
  head -n 1 "$work/clips.jsonl" > "$work/one.jsonl"
  for list in one clips; do
    # Once more than is counted: networks may have to be compiled.
    [ $list != one ] || "$program" batch run "$work/one.jsonl" --out "$work/first" --workers 1 --threads 1 --quiet
    /usr/bin/time -o "$work/$list.time" -f %e "$program" batch run "$work/$list.jsonl" --out "$work/$list" --workers 1 --threads 1 --quiet --json > "$work/$list.json"
  done
  python3 - "$work" "$count" <<'PYTHON'
import json, sys

work, count = sys.argv[1], int(sys.argv[2])
def read(name):
    return float(open(f"{work}/{name}.time").read()), json.load(open(f"{work}/{name}.json"))["workerSeconds"]
(one, segmenting_one), (all_, segmenting) = read("one"), read("clips")
between = (all_ - segmenting - (one - segmenting_one)) / max(1, count - 1)
print(f"{count} clips, one worker of one thread: {all_:.1f} s, of which segmenting {segmenting:.1f} s; start and end {one - segmenting_one:.1f} s")
print(f"between two videos {1000 * between:.0f} ms: {100 * between * count / segmenting:.2f} % of segmenting them")
PYTHON
  python3 - "$work" <<'PYTHON'
import sys

work = sys.argv[1]
with open(f"{work}/nothing.jsonl", "w") as file:
    for i in range(1000):
        open(f"{work}/v{i}.mp4", "w").write(f"v{i}\nframes 10\n")
        file.write(f'{{"id": "v{i}", "video": "v{i}.mp4", "prompts": {{"objects": [{{"points": [[3, 4]]}}]}}}}\n')
PYTHON
  took=$(seconds "$stand_in" run "$work/nothing.jsonl" "$work/nothing")
  echo "1000 videos, two workers that segment nothing: $took"
  took=$(seconds "$stand_in" run "$work/nothing.jsonl" "$work/nothing")
  echo "a second run that finds them done: $took"
  echo "load after: $(cut -d' ' -f1-3 /proc/loadavg)"
  exit
fi
for ((round = 1; round <= ${ROUNDS:-2}; round++)); do
  rm -rf "$work/loop" "$work/batch" "$work/measured"
  echo "round $round: loop $(seconds bash -c loop)"
  echo "round $round: batch $(seconds "$program" batch run "$work/clips.jsonl" --out "$work/batch" --workers 2 --threads 1 --quiet)"
  echo "round $round: batch, its shape measured first $(seconds "$program" batch run "$work/clips.jsonl" --out "$work/measured" --quiet)"
done
mkdir -p "$work/alone"
head -n 10 "$work/list.txt" | while read -r id video point; do
  "$program" segment "$video" --point "$point" --rle "$work/alone/$id.json" --threads 1 --quiet
done
python3 - "$work" <<'PYTHON'
import glob, json, os, sys

work = sys.argv[1]
same = total = 0
for path in glob.glob(f"{work}/batch/results/*/*/record.json"):
    folder = os.path.dirname(path)
    if not os.path.exists(f"{work}/alone/{os.path.basename(folder)}.json"):
        continue
    mine = [p for p in glob.glob(folder + "/*.json") if not p.endswith("record.json")]
    loop = json.load(open(f"{work}/alone/{os.path.basename(folder)}.json"))
    total += 1
    same += json.load(open(mine[0])) == loop
print(f"equal run lengths and confidences: {same} of {total}")
PYTHON
