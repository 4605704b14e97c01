#!/usr/bin/env bash
# Puts the program that `make program` built under PREFIX, with everything it needs beyond the system's libraries and FFmpeg:
#   bin/sampt                    stripped
#   bin/sampt-studio             the same, where `make studio` built it
#   share/sampt/                 weights and presets
#   lib/sampt/                   OpenVINO and, on Linux, Swift's libraries
#   share/man, share/bash-completion, share/zsh, share/fish, share/doc/sampt
# Nothing in it refers to the folder it is in: it may be moved as a whole.
#   bash Scripts/install.sh BUILD PREFIX        BUILD: the folder of the built program
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 prefix=$2
program=$build/sampt
[ -x "$program" ] || {
  echo "install: $program is not there. Run make program first." >&2
  exit 1
}
mkdir -p "$prefix"/{bin,lib/sampt,share/sampt,share/man/man1,share/doc/sampt,share/bash-completion/completions} \
  "$prefix"/share/zsh/site-functions "$prefix"/share/fish/vendor_completions.d

programs=("$program")
[ ! -x "$build/sampt-studio" ] || programs+=("$build/sampt-studio")
# Replaced at once: a running program keeps its file.
for built in "${programs[@]}"; do
  name=$(basename "$built")
  strip -o "$prefix/bin/.$name.part" "$built"
  chmod 755 "$prefix/bin/.$name.part"
  mv -f "$prefix/bin/.$name.part" "$prefix/bin/$name"
done

for resources in "$build"/sam-pt-swift_*.resources "$build"/sam-pt-swift_*.bundle; do
  case $resources in
  *'*'* | *Tests.*) continue ;;
  esac
  rm -rf "$prefix/share/sampt/$(basename "$resources")"
  cp -R "$resources" "$prefix/share/sampt/"
done

rm -rf "$prefix/lib/sampt"
mkdir -p "$prefix/lib/sampt"
cp -R .deps/openvino/lib/. "$prefix/lib/sampt/"
if [ "$(uname -s)" = Linux ]; then
  toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")/lib/swift/linux
  # Swift's libraries are a part of macOS, not of Linux. Those are taken that the program needs, and that they need themselves.
  ldd "${programs[@]}" | awk '{print $1}' | sort -u | while read -r library; do
    [ -e "$toolchain/$library" ] || continue
    strip --strip-unneeded -o "$prefix/lib/sampt/$library" "$toolchain/$library"
  done
fi

bash Scripts/man-page.sh "$program" >"$prefix/share/man/man1/sampt.1"
"$program" --generate-completion-script bash >"$prefix/share/bash-completion/completions/sampt"
"$program" --generate-completion-script zsh >"$prefix/share/zsh/site-functions/_sampt"
"$program" --generate-completion-script fish >"$prefix/share/fish/vendor_completions.d/sampt.fish"
cp LICENSE NOTICE CHANGELOG.md docs/cli.md docs/live.md docs/project.md docs/annotator.md docs/batch.md docs/formats.md docs/evaluation.md "$prefix/share/doc/sampt/"
[ ! -d .deps/openvino/licenses ] || cp -R .deps/openvino/licenses "$prefix/share/doc/sampt/openvino-licenses"
