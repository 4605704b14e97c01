#!/usr/bin/env bash
# The ONNX checker and ONNX Runtime from PyPI in .deps/venv-onnx, for `make test-onnx`. Skipped when it is already there.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(onnx==1.20.0 onnxruntime==1.23.2)
stamp=".deps/venv-onnx/.complete-$(echo "${packages[*]}" | tr -c 'a-z0-9.\n' -)"
[ ! -e "$stamp" ] || exit 0

python3 -m venv --help >/dev/null 2>&1 || {
  echo "setup: python3 with venv was not found. Install python3-venv, then run make test-onnx again." >&2
  exit 1
}
echo "setup: fetching ${packages[*]}"
rm -rf .deps/venv-onnx
python3 -m venv .deps/venv-onnx
.deps/venv-onnx/bin/python -m pip install --quiet --disable-pip-version-check --only-binary=:all: "${packages[@]}" || {
  echo "setup: pip could not install ${packages[*]} (above). Check the network or your pip index, then run make test-onnx again." >&2
  exit 1
}
touch "$stamp"
