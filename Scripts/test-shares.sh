#!/usr/bin/env bash
# A batch in shares where no scheduler knows of it: under xargs, GNU parallel, and with the command of a Kubernetes Job for each of its indices.
# Each time every video has one result, equal to that of a run without shares.
#   test-shares.sh PROGRAM
set -euo pipefail
sampt=$(realpath "$1")
job=$(realpath "$(dirname "$0")/../Examples/kubernetes-job.yaml")
videos=${VIDEOS:-6}
work=$(mktemp -d "${TMPDIR:-/tmp}/shares.XXXXXX")
trap 'rm -rf "$work"' EXIT
export sampt work

"$sampt" evaluate synthesize --count "$videos" --frames 8 --seed 5 --format mp4 --out "$work/clips" --quiet
for clip in "$work"/clips/*.mp4; do
  printf '{"video": "%s", "prompts": {"objects": [{"points": [[128, 128]]}]}}\n' "$clip"
done >"$work/clips.jsonl"

# By name and digest, in order.
digests() { sed -E 's/.*"digest":"([0-9a-f]+)".*"id":"([^"]+)".*/\2 \1/' "$1/index.jsonl" | sort; }

"$sampt" batch run "$work/clips.jsonl" --out "$work/whole" --workers 2 --threads 1 --quiet
[ "$(digests "$work/whole" | wc -l)" = "$videos" ] || { echo "test-shares: the run without shares did not do all" >&2 && exit 1; }

by_xargs() { seq 0 3 | xargs -P 2 -I{} "$sampt" batch run "$work/clips.jsonl" --out "$1" --shard {}/4 --workers 1 --threads 1 --quiet; }
by_parallel() { seq 0 3 | parallel --will-cite -j 2 "$sampt" batch run "$work/clips.jsonl" --out "$1" --shard {}/4 --workers 1 --threads 1 --quiet; }
by_job() {
  local command count
  command=$(sed -n 's/^ *- exec sampt //p' "$job")
  count=$(sed -n 's/^ *completions: //p' "$job")
  command="exec '$sampt' $(sed -e "s|/data/results|$1|" -e "s|/data|$work|" <<<"$command") --workers 1 --quiet"
  seq 0 $((count - 1)) | xargs -P 2 -I{} env JOB_COMPLETION_INDEX={} /bin/sh -c "$command"
}
for way in xargs parallel job; do
  "by_$way" "$work/$way"
  "$sampt" batch merge "$work/clips.jsonl" --out "$work/$way" >"$work/merged" 2>&1
  diff <(digests "$work/whole") <(digests "$work/$way") || { echo "test-shares: by $way, results differ" >&2 && exit 1; }
  "$sampt" batch verify --out "$work/$way" >"$work/verified" 2>&1 || { cat "$work/verified" >&2 && exit 1; }
  echo "test-shares: $videos videos by $way, each once, equal to a run without shares"
done
