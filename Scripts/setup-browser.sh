#!/usr/bin/env bash
# What drives the annotator's page for `make test-browser`: Debian's Chromium, and Playwright from PyPI in .deps/venv-browser (which brings no
# browser of its own here). Every step is skipped when its result is already there.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(playwright==1.65.2 greenlet==3.3.0 pyee==13.0.0 typing_extensions==4.16.0 numpy==2.4.6 pillow==12.3.0)
stamp=".deps/venv-browser/.complete-$(echo "${packages[*]}" | cksum | tr ' ' -)"

fail() {
  echo "setup: $1" >&2
  exit 1
}

if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
  command -v apt-get >/dev/null || fail "no Chromium was found. Install Chromium or Chrome, then run make test-browser again."
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  echo "setup: installing Chromium"
  "${as_root[@]}" apt-get update -qq || true
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null ||
    fail "apt-get could not install chromium (above)."
fi

[ ! -e "$stamp" ] || exit 0
python3 -m venv --help >/dev/null 2>&1 || fail "python3 with venv was not found. Install python3-venv, then run make test-browser again."
echo "setup: fetching Playwright"
rm -rf .deps/venv-browser
python3 -m venv .deps/venv-browser
.deps/venv-browser/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: "${packages[@]}" ||
  fail "pip could not install ${packages[*]} (above). Check the network or your pip index, then run make test-browser again."
touch "$stamp"
