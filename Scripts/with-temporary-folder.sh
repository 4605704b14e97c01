#!/usr/bin/env bash
# Runs a command with a temporary folder of its own, which goes when the command ends: SwiftPM leaves empty folders behind in every build, and
# tests that are interrupted leave theirs.
#   bash Scripts/with-temporary-folder.sh COMMAND...
set -uo pipefail
TMPDIR=$(mktemp -d) || exit 1
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
"$@"
