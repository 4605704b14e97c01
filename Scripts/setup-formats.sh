#!/usr/bin/env bash
# The programs that judge annotation formats for `make test-formats`: readers from PyPI in .deps/venv-formats, and FFmpeg's own programs. Every
# step is skipped when its result is already there.
set -euo pipefail
cd "$(dirname "$0")/.."

# What these need in turn is pinned too: all that pip would choose by the day.
packages=(
  pycocotools==2.0.11 trackeval==1.3.0 datumaro==1.13.12 cvat-sdk==2.80.0
  numpy==2.4.6 scipy==1.17.1 pillow==12.3.0 pandas==2.3.3 lxml==6.1.3 shapely==2.2.0
  opencv-python-headless==4.14.0.94 attrs==26.1.0 cachetools==7.3.3 defusedxml==0.7.1
  imagesize==2.0.1 json-stream==2.5.1 json-stream-rs-tokenizer==0.5.4 orjson==3.13.0 packaging==26.4
  platformdirs==4.14.8 python-dateutil==4.0.0 pytz==2026.6 PyYAML==6.0.4 ruamel.yaml==0.19.1 tabulate==0.10.0
  tqdm==4.70.1 typing_extensions==4.16.0 tzdata==2026.6 urllib3==2.8.0
)
stamp=".deps/venv-formats/.complete-$(echo "${packages[*]}" | cksum | tr ' ' -)"

fail() {
  echo "setup: $1" >&2
  exit 1
}

if ! command -v ffprobe >/dev/null || ! command -v ffmpeg >/dev/null; then
  if command -v brew >/dev/null; then
    brew install ffmpeg || fail "brew could not install ffmpeg (above)."
  elif command -v apt-get >/dev/null; then
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq || true
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ffmpeg >/dev/null ||
      fail "apt-get could not install ffmpeg (above)."
  else
    fail "ffmpeg and ffprobe were not found. Install FFmpeg's programs, then run make test-formats again."
  fi
fi

[ ! -e "$stamp" ] || exit 0
python3 -m venv --help >/dev/null 2>&1 || fail "python3 with venv was not found. Install python3-venv, then run make test-formats again."
echo "setup: fetching what judges annotation formats"
rm -rf .deps/venv-formats
python3 -m venv .deps/venv-formats
.deps/venv-formats/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: "${packages[@]}" ||
  fail "pip could not install ${packages[*]} (above). Check the network or your pip index, then run make test-formats again."
touch "$stamp"
