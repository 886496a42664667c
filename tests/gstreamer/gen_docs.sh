# Every line of the section on m6gen and m6gensrc in docs/gstreamer.md is run as it stands, but for the screen.
. "$(dirname "$0")/lib.sh"
page="$(dirname "$0")/../../docs/gstreamer.md"
awk '/^## /{on = /^## m6gen/} /^```/{inside = on && /^```sh/; next} inside' "$page" | sed 's/autovideosink/fakesink/' >lines
checks=$((checks + 1))
[ "$(grep -c '^gst-launch-1.0 ' lines)" -ge 7 ] || bad "the page has too few lines: $(wc -l <lines)"

ffmpeg -v error -nostdin -y -f lavfi -i testsrc=size=320x180:rate=25:duration=1 -pix_fmt yuv420p clip.mp4 </dev/null || bad "clip.mp4"
ffmpeg -v error -nostdin -y -f lavfi -i color=0x00ff00:size=320x180:rate=25:duration=1 -vf drawbox=60:40:80:80:red:fill -pix_fmt yuv420p green.mp4 </dev/null || bad "green.mp4"
serve
while IFS= read -r line; do
    checks=$((checks + 1))
    name=$line
    sh -c "$line" >out 2>err </dev/null || bad "$line"
    made=$(printf '%s\n' "$line" | sed -n 's/.*filesink location=\([^ ]*\).*/\1/p')
    [ -z "$made" ] || [ "$(ffprobe -v error -count_frames -select_streams v -show_entries stream=nb_read_frames -of csv=p=0 "$made" </dev/null)" -ge 25 ] || bad "$made has too few frames"
    cat out err >log
    grep -q '^WARNING: from' log && bad "$line: $(grep -A1 '^WARNING: from' log | tail -n 1)"
done <lines
finish
