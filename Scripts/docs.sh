#!/usr/bin/env bash
# SAMPTKit's documentation as a web site in out/docs, with the toolchain's docc. A warning is an error, and the articles' Swift must compile.
set -euo pipefail
cd "$(dirname "$0")/.."
flags=(-c release -Xswiftc -enable-testing)
modules=(SAMPT Segmenters PointTrackers Media Inference InferenceOpenVINO TensorFiles)

swift build "${flags[@]}" --target SAMPTKit
build=$(swift build "${flags[@]}" --show-bin-path)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

imports=(-I "$build/Modules")
for map in Sources/C*/module.modulemap; do imports+=(-Xcc "-fmodule-map-file=$PWD/$map"); done
for flag in $(pkg-config --cflags-only-I libavformat libavcodec libavutil libswscale); do imports+=(-Xcc "$flag"); done
# Packages with C in them, for the modules that import them.
for folder in .build/checkouts/*/Sources/*/include; do
  [ -e "$folder/module.modulemap" ] && imports+=(-Xcc "-I$folder" -Xcc "-fmodule-map-file=$folder/module.modulemap")
done

# An article's blocks of Swift, each in the scope of those before.
for article in Sources/SAMPTKit/SAMPTKit.docc/*.md; do
  name=$(basename "$article" .md)
  mkdir -p "$work/$name"
  awk '
    /^```swift/ { inside = 1; blocks++; body = body "do {\n"; next }
    /^```/ { inside = 0; next }
    inside && /^import / { imports = imports $0 "\n"; next }
    inside { body = body $0 "\n" }
    END { printf "import Foundation\nimport SAMPTKit\n%sfunc article() async throws {\n%s", imports, body; for (i = 0; i < blocks; i++) print "}"; print "}" }
  ' "$article" >"$work/$name/article.swift"
  swiftc -typecheck -swift-version 6 -suppress-warnings -parse-as-library "${imports[@]}" "$work/$name/article.swift" || {
    echo "docs: the Swift of $article does not compile (above)" >&2
    exit 1
  }
done

mkdir "$work/graphs"
target=$(swift -print-target-info | sed -n 's/^ *"triple": "\(.*\)",$/\1/p' | head -1)
swift symbolgraph-extract -module-name SAMPTKit -target "$target" "${imports[@]}" -minimum-access-level public -skip-synthesized-members \
  "-experimental-allowed-reexported-modules=$(IFS=,; echo "${modules[*]}")" -output-dir "$work/graphs"

docc=$(command -v docc || xcrun --find docc)
rm -rf out/docs
mkdir -p out
"$docc" convert Sources/SAMPTKit/SAMPTKit.docc --additional-symbol-graph-dir "$work/graphs" --fallback-display-name SAMPTKit \
  --fallback-bundle-identifier sam-pt-swift.SAMPTKit --warnings-as-errors --output-path out/docs
echo "out/docs (docc preview, or any web server, shows it)"
