# m6caption.so in the hosts that people have.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
plugin="$PLUGINS/m6caption.so"

# ---- no host ----
if has ffmpeg; then
    export M6_AUTOSTART=0
    ffmpeg -v error -nostdin -f lavfi -i color=gray:s=320x180:r=2:d=2,format=rgba -f rawvideo -pix_fmt rgb24 plain.rgb </dev/null
    captioned() { # captioned NAME OUT PARAMS
        expect 0 "$1" ffmpeg -v error -nostdin -y -f lavfi -i color=gray:s=320x180:r=2:d=2,format=rgba -vf "frei0r=filter_name=m6caption:filter_params=$3" -f rawvideo -pix_fmt rgb24 "$2"
    }
    captioned "no host" none.rgb "|every=1"
    checks=$((checks + 2))
    [ "$(grep -c '^m6caption: ' err)" = 1 ] || bad "no host: not one line"
    cmp -s none.rgb plain.rgb && bad "no host: nothing is shown"
    captioned "passing" pass.rgb "|every=1\\\\:on_error=pass"
    checks=$((checks + 1))
    cmp -s pass.rgb plain.rgb || bad "on_error=pass changes the frames"
    captioned "a bad option" none.rgb "|evry=1"
    says err "there is no option 'evry'"
    unset M6_AUTOSTART
fi

serve
ok "cycles" "$harness" cycles "$plugin" 3
if [ -z "${SANITIZED:-}" ] && command -v valgrind >/dev/null; then
    ok "valgrind" valgrind -q --suppressions="$here/valgrind.supp" --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite "$harness" cycles "$plugin" 1
fi
has ffmpeg || finish

# ---- two shots of two seconds ----
M6_HOST=none "$M6" draw "a red cat" --seed 5 --size 320x180 -o one.png -q || bad "m6 draw"
M6_HOST=none "$M6" draw "a blue bus" --seed 5 --size 320x180 -o two.png -q || bad "m6 draw"
ffmpeg -v error -nostdin -loop 1 -framerate 5 -t 2 -i one.png -loop 1 -framerate 5 -t 2 -i two.png -filter_complex "[0][1]concat,format=rgba" -c:v rawvideo clip.nut </dev/null || bad "clip"
for shot in one two; do
    "$M6" caption $shot.png --seed 3 >$shot.txt 2>err || bad "m6 caption $shot.png"
done
burnt() { # burnt NAME OUT.nut PARAMS
    expect 0 "$1" ffmpeg -v error -nostdin -y -i clip.nut -vf "frei0r=filter_name=m6caption:filter_params=$3" -c:v rawvideo -pix_fmt rgba "$2"
}
md5() { # md5 FILE FILTER
    ffmpeg -v error -nostdin -i "$1" -vf "$2" -f md5 - </dev/null
}
burnt "captions" srt.nut "|every=2\\\\:seed=3\\\\:destination=clip.srt"
printf '1\n00:00:00,000 --> 00:00:02,000\n%s\n\n2\n00:00:02,000 --> 00:00:04,000\n%s\n\n' "$(cat one.txt)" "$(cat two.txt)" >wanted.srt
checks=$((checks + 5))
cmp -s wanted.srt clip.srt || bad "captions: $(diff wanted.srt clip.srt | head -n 12)"
[ "$(md5 srt.nut crop=320:90:0:0)" = "$(md5 clip.nut crop=320:90:0:0)" ] || bad "captions: the upper half is not the video's"
[ "$(md5 srt.nut crop=320:90:0:90)" != "$(md5 clip.nut crop=320:90:0:90)" ] || bad "captions: nothing is set into the lower half"
[ "$(md5 srt.nut "select=eq(n\\,0)")" = "$(md5 srt.nut "select=eq(n\\,9)")" ] || bad "captions: the first and the last frame of a stretch differ"
ls .clip* >/dev/null 2>&1 && bad "captions: something was left"
burnt "only a file" json.nut "what colour is it?|every=3\\\\:seed=3\\\\:destination=clip.json|0"
checks=$((checks + 1))
[ "$(md5 json.nut null)" = "$(md5 clip.nut null)" ] || bad "opacity 0 changes the frames"
for line in 1 2; do
    sed -n "${line}p" clip.json >line.json
    json line.json "prompt=what colour is it?" language=en seed=3 model text
done
json line.json start=3 end=4
burnt "WebVTT" vtt.nut "|every=2\\\\:destination=clip.vtt"
says clip.vtt "^WEBVTT"
says clip.vtt "^00:00:02.000 --> 00:00:04.000"
burnt "nowhere to write" vtt.nut "|every=2\\\\:destination=none/clip.vtt"
says err "cannot write destination none/clip.vtt"

if has gst-launch-1.0 && gst-inspect-1.0 frei0r-filter-m6caption >/dev/null 2>&1; then
    expect 0 "gst-launch" gst-launch-1.0 -q multifilesrc location=one.png start-index=0 stop-index=3 caps=image/png,framerate=1/1 ! pngdec ! videoconvert ! video/x-raw,format=RGBA ! frei0r-filter-m6caption options="every=2:seed=3:destination=gst.srt" ! fakesink
    says gst.srt "^00:00:00,000 --> 00:00:02,000"
    says gst.srt "$(cat one.txt)"
fi

if has melt; then
    ffmpeg -v error -nostdin -i clip.nut -vf fps=25,scale=768:576 -c:v ffv1 pal.mkv </dev/null
    for threads in -1 -2; do
        rendered "melt $threads" melt$threads.txt $threads pal.mkv in=0 out=74 -attach frei0r.m6caption Options="$("$M6" escape --for melt every=1:seed=3:destination=melt$threads.srt)"
    done
    checks=$((checks + 2))
    [ "$(wc -l <melt-1.txt)" -ge 75 ] && cmp -s melt-1.txt melt-2.txt || bad "melt: two threads give other frames"
    [ "$(grep -c -- '-->' melt-1.srt)" -ge 3 ] && cmp -s melt-1.srt melt-2.srt || bad "melt: two threads give other captions: $(diff melt-1.srt melt-2.srt | head -n 6)"
fi
finish
