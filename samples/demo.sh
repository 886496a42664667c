#!/bin/sh
# From an idea to a captioned animatic, then a clip that the model did not draw, captioned.
#   sh samples/demo.sh [FOLDER]      what it makes goes to FOLDER (default: build/demo)
set -eu
out=${1:-}
case $out in
'' | /*) ;;
*) out=$PWD/$out ;;
esac
cd "$(dirname "$0")/.."
root=$PWD
: "${out:=$root/build/demo}"
idea="a red dog on a beach at dusk"
seed=7

step() {
    printf '\n== %s\n' "$1"
}
show() {
    printf '$ %s\n' "$1"
}

sh samples/install-deps.sh
step "Building"
mkdir -p build
if ! { cmake --preset release && cmake --build --preset release; } >build/demo.log 2>&1; then
    cat build/demo.log
    exit 1
fi
PATH=$root/build/release/bin:$PATH
mkdir -p "$out"
cd "$out"
m6 doctor

step "An idea becomes a script"
show "m6 write \"$idea\" --shots 4 -o story.fountain"
m6 write "$idea" --shots 4 --seed $seed -o story.fountain --overwrite
cat story.fountain

step "The script becomes pictures and an animatic"
show "m6 storyboard --script story.fountain -o story.mp4"
m6 storyboard --script story.fountain --seed $seed -o story.mp4 --overwrite

step "A clip that the model did not draw becomes captions"
storyworld clip 5 --split heldout --size 1280x720 --fps 24 --seconds 4 -o - |
    ffmpeg -v error -y -f rawvideo -pixel_format rgb24 -video_size 1280x720 -framerate 24 -i - \
        -c:v libx264 -pix_fmt yuv420p clip.mp4
show "m6 caption clip.mp4 --every 2 -o clip.srt"
m6 caption clip.mp4 --every 2 -o clip.srt --overwrite
cat clip.srt
show "m6 caption clip.mp4 --on scene --lang zh"
m6 caption clip.mp4 --on scene --lang zh
show "m6 ask clip.mp4 \"Where is it?\""
m6 ask clip.mp4 "Where is it?"

step "Made in $PWD"
ls -l | awk 'NR > 1 { printf "%10d  %s\n", $5, $NF }'
