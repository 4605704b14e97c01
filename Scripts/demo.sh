#!/usr/bin/env bash
# Masks on a real clip: segments the rabbit of Big Buck Bunny from a few clicks.
#   bash Scripts/demo.sh PROGRAM
set -euo pipefail
cd "$(dirname "$0")/.."
sampt=$1

bash Scripts/setup.sh demo

rm -rf out/demo
mkdir -p out/demo
# The rabbit stands free in frame 60; it is tracked from there to both ends of the clip.
"$sampt" segment .deps/bigbuckbunny.mp4 --frame 60 --name rabbit \
  --point 450,150 --point 470,350 --point 260,160 --negative 205,380 --negative 165,490 --negative 655,460 \
  --overlay out/demo/overlay.mp4 --masks out/demo/masks --tracks out/demo/tracks.json --contact-sheet out/demo/contact-sheet.png

cat <<TEXT

Big Buck Bunny is (c) Blender Foundation, CC BY 3.0, www.bigbuckbunny.org
Look at: out/demo/contact-sheet.png (twelve frames), out/demo/overlay.mp4 (the video),
         out/demo/masks/ (index PNGs), out/demo/tracks.json (points)
Next:    $sampt segment --help
         make install PREFIX=~/.local
TEXT
