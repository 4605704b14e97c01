#!/usr/bin/env bash
# Does what README.md says of depending on this package, word for word, in a folder of its own: a package that knows the repository by its address
# and consists of README.md's manifest and first program, run on the demo's clip. It builds everything once more: some minutes.
#   bash Scripts/check-consumer.sh
set -euo pipefail
checkout=$(cd "$(dirname "$0")/.." && pwd)
# The last commit counts, not what lies in the working tree.
commit=$(git -C "$checkout" rev-parse HEAD)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "check-consumer: $1" >&2
  exit 1
}

# snippet FIRST_LINE: README.md's block of Swift that begins so, as it is committed.
snippet() {
  git -C "$checkout" show "$commit:README.md" |
    awk -v first="$1" '/^```/ { inside = 0 } inside || (fenced && $0 == first) { inside = 1; print } { fenced = /^```swift$/ }'
}

# What helps here must not help there.
unset LD_LIBRARY_PATH LIBRARY_PATH CPATH PKG_CONFIG_PATH
for name in $(compgen -e SAMPT_ || true); do unset "$name"; done
export SAMPT_CACHE="$work/cache"

repository="$work/sam-pt-swift"
git clone --quiet --bare "$checkout" "$repository"
mkdir -p "$work/MyTool/Sources/MyTool"
cd "$work/MyTool"
snippet '// swift-tools-version: 6.1' |
  sed -e "s|\"https://<this repository's address>/sam-pt-swift\", branch: \"main\"|\"file://$repository\", revision: \"$commit\"|" >Package.swift
grep -q "$commit" Package.swift || fail "README.md's manifest has another form than this script knows"
snippet 'import SAMPTKit' >Sources/MyTool/main.swift
grep -q 'rabbit.mp4' Sources/MyTool/main.swift || fail "README.md's program has another form than this script knows"

swift package resolve
bash .build/checkouts/sam-pt-swift/Scripts/setup.sh demo
cp .build/checkouts/sam-pt-swift/.deps/bigbuckbunny.mp4 rabbit.mp4
swift run -c release MyTool >frames.txt || fail "README.md's program failed (above)"
# Frame numbers in order, and areas that are not empty.
awk 'NF != 2 || $1 != NR - 1 || $2 <= 0 { wrong = 1 } END { exit wrong || NR < 100 }' frames.txt || {
  head -3 frames.txt >&2
  fail "README.md's program did not print a mask for every frame (above)"
}
echo "check-consumer: $(wc -l <frames.txt | tr -d ' ') frames"
