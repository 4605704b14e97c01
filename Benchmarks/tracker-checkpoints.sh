# For the scripts that measure all trackers, sourced in the repository's root: builds benchmark-trackers, makes generated checkpoints that are
# missing, and defines
#   trackers        the rows' names, in order
#   follow NAME ... "benchmark-trackers follow" with that tracker and further arguments
# Needs the folder with reference data (SAMPT_SHARED, or `shared` beside the checkout), and .deps/venv-torch (Benchmarks/segmenters.sh makes it).
shared=${SAMPT_SHARED:-$(dirname "$PWD")/shared}
python=.deps/venv-torch/bin/python
weights=.deps/generated-weights
trackers=(lucas-kanade nano cotracker cotracker2 cotracker3-online cotracker3-offline pips pips-plus-plus raft raft-small tapir bootstapir tapnet superglue)
[ -x "$python" ] || { echo "trackers: run Benchmarks/segmenters.sh first, which makes .deps/venv-torch" >&2 && exit 2; }
swift build -c release -Xswiftc -enable-testing --product benchmark-trackers
mkdir -p "$weights"

# checkpoint FILE MANIFEST [options]: under another name first, so that a file that is there is whole.
checkpoint() {
  [ -e "$weights/$1" ] || {
    "$python" "$shared/parity/make_checkpoint.py" "$2" "$weights/new-$1" "${@:3}"
    mv "$weights/new-$1" "$weights/$1"
  }
}
parity() { checkpoint "$1.pth" "$shared/parity/$1/manifest.json"; }
# Named as published: the name tells the variant.
checkpoint cotracker_stride_4_wind_8.pth "$shared/parity/cotracker_v1/manifest.json"
for case in cotracker2 cotracker3_online cotracker3_offline pips pips_plus_plus raft_large raft_small tapir bootstapir; do parity $case; done
checkpoint tapnet.pth Tests/PointTrackersTests/Resources/tapnet/manifest.json
for part in superpoint superglue; do
  checkpoint $part.safetensors "$shared/parity/superpoint_superglue/manifest.json" --select $part.
done
# The published file has a number there, not a list of one.
superglue=$weights/superglue_generated.pth
[ -e "$superglue" ] || "$python" -c 'import sys, safetensors.torch, torch
tensors = safetensors.torch.load_file(sys.argv[1])
tensors["bin_score"] = tensors["bin_score"].reshape(())
torch.save(tensors, sys.argv[2])' "$weights/superglue.safetensors" "$superglue"

follow() {
  local file
  case $1 in
  lucas-kanade | nano) file=$1 ;;
  cotracker) file=$weights/cotracker_stride_4_wind_8.pth ;;
  cotracker3-online) file=$weights/cotracker3_online.pth ;;
  cotracker3-offline) file=$weights/cotracker3_offline.pth ;;
  pips-plus-plus) file=$weights/pips_plus_plus.pth ;;
  raft) file=$weights/raft_large.pth ;;
  raft-small) file=$weights/raft_small.pth ;;
  superglue) file=$superglue ;;
  *) file=$weights/$1.pth ;;
  esac
  .build/release/benchmark-trackers follow "$file" "${@:2}" --detector "$weights/superpoint.safetensors"
}
