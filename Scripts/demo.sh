#!/usr/bin/env bash
# From a clean machine to masks on a real clip: sets up, builds, segments the rabbit of Big Buck Bunny from a few clicks.
set -euo pipefail
cd "$(dirname "$0")/.."

bash Scripts/setup.sh demo
swift build -c release -Xswiftc -enable-testing --product sampt

rm -rf out/demo
mkdir -p out/demo
# The rabbit stands free in frame 60; it is tracked from there to both ends of the clip.
.build/release/sampt segment .deps/bigbuckbunny.mp4 --frame 60 --name rabbit \
  --point 450,150 --point 470,350 --point 260,160 --negative 205,380 --negative 165,490 --negative 655,460 \
  --overlay out/demo/overlay.mp4 --masks out/demo/masks --tracks out/demo/tracks.json --contact-sheet out/demo/contact-sheet.png

cat <<'TEXT'

Big Buck Bunny is (c) Blender Foundation, CC BY 3.0, www.bigbuckbunny.org
Look at: out/demo/contact-sheet.png (twelve frames), out/demo/overlay.mp4 (the video),
         out/demo/masks/ (index PNGs), out/demo/tracks.json (points)
Next:    .build/release/sampt segment --help
TEXT
