#!/usr/bin/env bash
# An archive of the installed program that runs wherever it is unpacked: out/sampt-VERSION-SYSTEM-PROCESSOR.tar.gz
#   bash Scripts/dist.sh BUILD        BUILD: the folder of the built program
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
name=sampt-$("$build/sampt" --version)-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
staging=out/dist/$name
rm -rf out/dist
mkdir -p "$staging"
bash Scripts/install.sh "$build" "$staging"

if [ "$(uname -s)" = Linux ]; then
  libraries=$(readelf -d "$staging"/bin/sampt* | sed -n 's/.*(NEEDED).*\[\(lib\(av[a-z]*\|sw[a-z]*\|sqlite3\)\.so\.[0-9]*\)\].*/\1/p' | sort -u | paste -sd' ')
  system=$(. /etc/os-release && echo "$PRETTY_NAME")
else
  libraries=FFmpeg system="$(sw_vers -productName) $(sw_vers -productVersion)"
fi
cat >"$staging/README" <<TEXT
bin/sampt needs nothing else of this folder's surroundings, and the folder may lie anywhere:

    bin/sampt segment rabbit.mp4 --point 640,360 --overlay out.mp4
    man -l share/man/man1/sampt.1

It was made on $system and takes FFmpeg (and SQLite, for sampt-studio) from the system, in the version there
($libraries), as well as the C and C++ libraries.
TEXT
# Equal contents make equal archives.
if tar --version 2>/dev/null | grep -q GNU; then
  tar -C out/dist --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)" -cf - "$name" | gzip -n9 >"out/$name.tar.gz"
else
  tar -C out/dist -czf "out/$name.tar.gz" "$name"
fi
rm -rf out/dist
echo "out/$name.tar.gz ($(du -h "out/$name.tar.gz" | cut -f1))"
