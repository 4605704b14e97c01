#!/usr/bin/env bash
# Installs what the second program (sampt-studio) needs beyond Scripts/setup.sh: SQLite's development files. macOS has them in its SDK.
set -euo pipefail

have_sqlite() {
  [ "$(uname -s)" = Darwin ] || { command -v pkg-config >/dev/null && pkg-config --exists sqlite3; }
}

fail() {
  printf 'setup: installing SQLite failed: %s\n       %s\n' "$1" "$2" >&2
  exit 1
}

have_sqlite && exit 0
command -v apt-get >/dev/null || fail "this system has no apt-get" "Install the development package of SQLite 3 (3.37 or newer) with your package manager, then run make again."
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
[ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "this needs root and there is no sudo" "As root run: apt-get install libsqlite3-dev"
echo "setup: installing the development files of SQLite"
"${as_root[@]}" apt-get update -qq || true
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libsqlite3-dev >/dev/null ||
  fail "apt-get returned an error (above)" "Check the network and the package sources, then run make again."
have_sqlite || fail "pkg-config still does not find it" "Check: pkg-config --exists --print-errors sqlite3"
