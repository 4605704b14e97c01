#!/usr/bin/env bash
# Formats the sources in place: swift-format, and comments longer than 140 characters, which it leaves alone (break-comments.pl).
#   bash Scripts/format.sh FILE_OR_FOLDER...
set -euo pipefail
cd "$(dirname "$0")/.."
swift format --in-place --recursive --parallel "$@"
{ grep -rlE --include='*.swift' '^.{141,}$' "$@" || true; } | xargs -r perl Scripts/break-comments.pl
