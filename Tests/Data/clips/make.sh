#!/usr/bin/env bash
# Makes the clips in this folder with FFmpeg's program (5.1), and for those of colours the pictures that it converts them to. Run it in this folder.
set -euo pipefail
run() { ffmpeg -y -v error -bitexact "$@"; }

# One picture in each matrix and range, in each form of subsampling, and in levels alone.
source=(-f lavfi -i testsrc2=size=24x16:rate=1:duration=1)
reference() { run -i "$1.mkv" -frames:v 1 -vf scale=flags=bicubic+accurate_rnd,format=rgb24 "$1.png"; }
for matrix in bt709 smpte170m bt470bg smpte240m fcc bt2020nc; do
  for range in tv pc; do
    run "${source[@]}" -vf "scale=out_color_matrix=bt601:out_range=$range,format=yuv444p" -c:v ffv1 -colorspace $matrix -color_range $range "colour-$matrix-$range.mkv"
    reference "colour-$matrix-$range"
  done
done
for format in yuv420p yuv422p yuv411p yuv440p yuv420p10le gray; do
  run "${source[@]}" -pix_fmt $format -c:v ffv1 "format-$format.mkv"
  reference "format-$format"
done

# Two seconds with a tone, and one with a kind of sound that MPEG-4 does not take.
clip=(-f lavfi -i testsrc2=size=64x48:rate=10:duration=2)
run "${clip[@]}" -f lavfi -i sine=frequency=440:sample_rate=16000:duration=2 -c:v mpeg4 -b:v 40k -c:a aac -b:a 16k tone.mp4
run "${clip[@]}" -f lavfi -i sine=frequency=440:sample_rate=8000:duration=2 -c:v mpeg4 -b:v 40k -c:a pcm_u8 tone-pcm.mkv

# Two video streams, of which the second is marked; and a cover before the video.
two=(-f lavfi -i color=red:size=32x24:rate=5:duration=1 -f lavfi -i color=blue:size=64x48:rate=5:duration=1 -map 0 -map 1 -c:v mpeg4)
run "${two[@]}" -disposition:v:0 0 -disposition:v:1 default second-is-default.mp4
run "${two[@]}" -disposition:v:0 default -disposition:v:1 0 first-is-default.mp4
run -f lavfi -i color=green:size=16x16:duration=0.04 -frames:v 1 cover.png
run -i cover.png -f lavfi -i color=blue:size=64x48:rate=5:duration=1 -map 0 -map 1 -c:v:0 png -c:v:1 mpeg4 -disposition:v:0 attached_pic -disposition:v:1 0 with-cover.mp4
rm cover.png
