# Every line of the section on m6caption in docs/gstreamer.md is run as it stands, but for the screen; so are its programs.
. "$(dirname "$0")/lib.sh"
[ "$trained" = yes ] || skip "a model of random weights says nothing that could be checked"
page="$(dirname "$0")/../../docs/gstreamer.md"
block() { # block LANGUAGE
    awk -v fence="^\`\`\`$1\$" '/^## /{on = /^## m6caption/} /^```/{inside = on && $0 ~ fence; next} inside' "$page"
}
block sh | sed 's/autovideosink/fakesink/' >lines
checks=$((checks + 1))
[ "$(grep -c '^gst-launch-1.0 ' lines)" -ge 11 ] || bad "the page has too few lines: $(wc -l <lines)"

ffmpeg -v error -nostdin -y -f lavfi -i testsrc=size=320x180:rate=25:duration=3 -pix_fmt yuv420p clip.mp4 </dev/null || bad "clip.mp4"
serve
while IFS= read -r line; do
    checks=$((checks + 2))
    name=$line
    timeout 120 sh -c "$line" >out 2>err </dev/null || bad "$line"
    for made in $(printf '%s\n' "$line" | grep -o 'location=[a-z]*\.[a-z0-9]*' | sed 's/location=//'); do
        case $made in
        clip.mp4) ;;
        *.vtt | *.srt) grep -q -e '-->' "$made" || bad "$made has no captions" ;;
        *.mkv | *.mp4) [ "$(ffprobe -v error -select_streams s -show_entries packet=size -of csv=p=0 "$made" </dev/null | grep -c .)" -ge 3 ] || bad "$made has no track of captions" ;;
        *.m3u8) grep -q hls00000.ts "$made" || bad "$made has no segments" ;;
        esac
    done
done <lines
checks=$((checks + 1))
cmp -s en.vtt zh.vtt && bad "two languages are the same"

block c >app.c
ok "the program in C" sh -c "${CC:-cc} -Wall -Werror app.c \$(pkg-config --cflags --libs gstreamer-1.0) -o app && timeout 60 ./app"
says out "^  0.0[0-9] s  [A-Z]" # B-frames
says out "^  2.0[0-9] s  [A-Z]"
if python3 -c 'import gi; gi.require_version("Gst", "1.0")' 2>/dev/null; then
    block python >app.py
    ok "the program in Python" timeout 60 python3 app.py
    says out "^0.0 [A-Z]"
    says out "^2.0 [A-Z]"
fi
finish
