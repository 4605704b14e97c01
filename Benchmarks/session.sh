#!/bin/sh
# The numbers of an editable run (docs/results.md, "Corrections"): needs ../shared with davis2016-open.
#   Benchmarks/session.sh [DAVIS folder]
set -e
davis=${1:-../shared/datasets/davis2016-open}
swift build -c release -Xswiftc -enable-testing --product benchmark-session
program=.build/release/benchmark-session
clip=$(ls -d "$davis"/JPEGImages/480p/* | head -n 1)
for what in click correction speed; do "$program" $what "$clip" 427 260; done
for count in 100 1000 10000; do "$program" memory $count; done
"$program" quality "$davis"
