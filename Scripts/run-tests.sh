#!/usr/bin/env bash
# Runs `swift test` and, where tests fail, says last which and why: a log of thousands of lines hides it.
#   bash Scripts/run-tests.sh ARGUMENT...        what `swift test` takes
set -uo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
bash Scripts/with-temporary-folder.sh swift test "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
if [ "$status" -ne 0 ]; then
  printf '\nFailed (exit status %s):\n' "$status"
  grep -aE -A3 '^✘ Test .* recorded an issue|error: |Fatal error|signal code' "$log" | cut -c1-500 | head -60
  grep -aE '^✘ (Test|Suite) .* (failed|recorded)|^✘ Test run' "$log" | cut -c1-300 | head -40
fi
exit "$status"
