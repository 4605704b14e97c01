#!/usr/bin/env bash
# Where the built program looks for Swift's libraries (../lib/sampt) goes a link to the toolchain's, so that it runs where it was built.
#   bash Scripts/link-runtime.sh BUILD        BUILD: the folder of the built program
set -euo pipefail
[ "$(uname -s)" = Linux ] || exit 0
build=$(readlink -f "$1")
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")/lib/swift/linux
mkdir -p "$build/../lib"
ln -sfn "$toolchain" "$build/../lib/sampt"
