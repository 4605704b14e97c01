#!/usr/bin/env bash
# Unpacks the archive of `make dist` elsewhere and runs it, with the checkout and Swift's toolchain hidden (Linux, as root; otherwise they stay in
# sight, and only what the program opens is looked at).
#   bash Scripts/check-dist.sh ARCHIVE
set -euo pipefail
archive=$(readlink -f "$1")
checkout=$(cd "$(dirname "$0")/.." && pwd)

if [ "${2:-}" = inside ]; then
  # In a mount namespace of its own: nobody else notices.
  toolchain=$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  tar -C "$work" -xzf "$archive"
  cp "$checkout/docs/images/demo.jpg" "$work/picture.jpg"
  if [ "${3:-}" = hide ]; then
    mount -t tmpfs none "$toolchain"
    mount -t tmpfs none "$checkout"
  fi
  cd "$work"
  folder=$(echo sampt-*)
  # A name with a space: nothing may depend on the folder's name.
  mv "$folder" "moved here"
  sampt="$work/moved here/bin/sampt"
  export SAMPT_CACHE="$work/cache"
  unset LD_LIBRARY_PATH
  "$sampt" --version
  "$sampt" image picture.jpg --point 200,150 --masks-out mask.png --quiet
  [ -s mask.png ]
  "$sampt" presets list >presets
  grep -q sam-pt presets
  ln -s "$sampt" linked
  ./linked image picture.jpg --point 200,150 --masks-out linked.png --quiet
  cmp mask.png linked.png
  if [ -x "moved here/bin/sampt-studio" ]; then
    mkdir frames
    cp picture.jpg frames/0.jpg
    "$sampt" project create frames -o picture.sampt --quiet
    "$sampt" project info picture.sampt | grep -q "1 frame,"
  fi
  if command -v ldd >/dev/null; then
    ! ldd "$sampt"* | grep -E "not found|$checkout|$toolchain" || { echo "check-dist: the program takes libraries from there" >&2 && exit 1; }
  fi
  grep -q '^\.SH "sampt segment"' "moved here/share/man/man1/sampt.1"
  for file in bash-completion/completions/sampt zsh/site-functions/_sampt fish/vendor_completions.d/sampt.fish; do
    grep -q -- "overlay" "moved here/share/$file"
  done
  bash -n "moved here/share/bash-completion/completions/sampt"
  [ "$(stat -c %s "$sampt" 2>/dev/null || stat -f %z "$sampt")" -lt 10000000 ] || { echo "check-dist: the program has more than 10 MB" >&2 && exit 1; }
  echo "check-dist: it runs"
  exit 0
fi

if [ "$(uname -s)" = Linux ] && unshare -m true 2>/dev/null; then
  exec unshare -m --propagation private bash "$0" "$archive" inside hide
fi
echo "check-dist: without mount namespaces the checkout cannot be hidden" >&2
exec bash "$0" "$archive" inside
