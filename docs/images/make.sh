#!/bin/sh
# Makes docs/images/storyboard.png, the picture in the README: six moments of an animatic.
#   sh docs/images/make.sh [SEED]      after cmake --build --preset release
set -eu
cd "$(dirname "$0")/../.."
out=$PWD/docs/images/storyboard.png
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build/release/bin/m6 storyboard "a red dog on a beach at dusk" --shots 6 --seconds-per-shot 3 --best 8 \
    --seed "${1:-7}" -o "$work/board.mp4"
# One frame from the middle of each shot.
ffmpeg -nostdin -v error -y -i "$work/board.mp4" -frames:v 1 \
    -vf "select='not(mod(n-36,72))',scale=640:360:flags=area,tile=3x2:padding=8:color=white" -vsync 0 "$out"
echo "$out"
