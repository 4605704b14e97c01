#!/usr/bin/env bash
# The sources' format: swift-format's rules (.swift-format), and lines of at most 140 characters in comments as well, which it leaves alone. What a
# message or a help text says stays on one line.
# Then whether Package.swift declares what targets import (check-imports.py).
#   bash Scripts/lint.sh FILE_OR_FOLDER...
set -uo pipefail
cd "$(dirname "$0")/.."
status=0
swift format lint --strict --recursive --parallel "$@" || status=1
long=$(grep -rnE --include='*.swift' '^ *//.*$' "$@" | grep -E '^[^:]*:[0-9]*:.{141,}$' | grep -E ':[0-9]+: *//.{1,120} ' | cut -c1-160)
if [ -n "$long" ]; then
  printf '%s\n' "$long" >&2
  printf 'lint: %s comments have more than 140 characters (above)\n' "$(wc -l <<<"$long")" >&2
  status=1
fi
SAMPT_STUDIO=1 python3 Scripts/check-imports.py || status=1
[ $status = 0 ] || echo "lint: make format mends what a program can mend" >&2
exit $status
