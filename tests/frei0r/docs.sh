# docs/frei0r.md: each command in it does what it says, on stock programs.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
doc="$here/../../docs/frei0r.md"
for program in ffmpeg gst-launch-1.0 melt; do
    has $program || skip "$program is not here, or cannot load what is built with sanitizers"
done
mkdir bin
ln -s "$M6" bin/m6
# melt's avformat consumer now and then writes nothing or does not end (7.12, also with no filter of ours).
cat >bin/melt <<END
#!/bin/sh
for try in 1 2 3 4 5 6; do
    SDL_AUDIODRIVER=dummy SDL_VIDEODRIVER=dummy timeout 60 $(command -v melt) -silent "\$@" </dev/null
    [ -s melted.mp4 ] && exit
done
exit 1
END
chmod +x bin/melt
export PATH="$work/bin:$PATH"
serve
ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=320x192:r=10:d=3 -pix_fmt yuv420p in.mp4 </dev/null

# Blocks one by one; ffmpeg must not read the script.
awk '/^```sh$/ { n++; on = 1; next } /^```$/ { on = 0 } on { print > ("block" n) }' "$doc"
blocks=0
for block in block*; do
    blocks=$((blocks + 1))
    ok "$(head -n 3 "$block")" sh -eu "$block"
done
checks=$((checks + 1))
[ $blocks -ge 6 ] || bad "$blocks blocks in the document"
for made in card.mp4 corner.mp4 captioned.mp4 changes.mp4 gst.png melted.mp4; do
    name="$made"
    ok "$made" ffprobe -v error "$made"
done
says clip.srt "^00:00:02,000 --> 00:00:03,000"
says clip.jsonl '"prompt": "what colour is it?"'

# The options that it names are those that there are, and the other way round.
for option in every language seed destination format model host timeout on_error track; do
    grep -q "\`$option\`" "$doc" || bad "$option is not in the document"
done
finish
