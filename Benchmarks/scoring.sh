#!/usr/bin/env bash
# Scoring by the clock, on the same two cores: sampt, davis2017-evaluation and vos-benchmark, three runs each in turn.
# Benchmarks/scoring.sh TRUTH RESULTS [COPIES]   for example DAVIS/Annotations/480p osvos/ 6
# DAVIS_EVALUATION names a clone of davisvideochallenge/davis2017-evaluation; without it, it is cloned.
set -euo pipefail
cd "$(dirname "$0")/.."
truth=$1 results=$2 copies=${3:-6}
sampt=${SAMPT:-.build/release/sampt}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

venv=.deps/venv-scoring
if [ ! -x $venv/bin/python ]; then
  python3 -m venv $venv
  $venv/bin/pip install --quiet 'vos-benchmark==0.1.0' 'opencv-python-headless==5.0.0.*' numpy pillow pandas scikit-image scipy tqdm
fi
davis=${DAVIS_EVALUATION:-.deps/davis2017-evaluation}
[ -d "$davis" ] || git clone --quiet https://github.com/davisvideochallenge/davis2017-evaluation "$davis"

$venv/bin/python Benchmarks/scoring.py prepare "$truth" "$results" "$work/data" "$copies"
grep -m1 'model name' /proc/cpuinfo
pin="taskset -c 0,1"
for run in 1 2 3; do
  echo "== run $run =="
  $pin "$sampt" score --truth "$work/data/Annotations/480p" --results "$work/data/results" --threads 2 2>&1 | grep -E '^mean|masks in'
  $pin $venv/bin/python Benchmarks/scoring.py vos-benchmark "$work/data" 2 | tail -1
  PYTHONPATH=$davis $pin $venv/bin/python Benchmarks/scoring.py davis2017 "$work/data" 2>/dev/null | tail -1
done
