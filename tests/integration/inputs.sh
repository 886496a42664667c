# Bad and odd input: one clear sentence and the right exit status, or a result with a warning; never a crash.
. "$(dirname "$0")/lib.sh"
command -v ffmpeg >/dev/null || skip "no ffmpeg to make videos with"
make() {
    ffmpeg -nostdin -v error -y "$@" >out 2>err || bad "ffmpeg $*"
}
# The same bytes on every run: random ones might be a video one day.
noise() {
    LC_ALL=C awk 'BEGIN { for (x = 1; i < 5000; i++) { x = x * 16807 % 2147483647; printf "%c", int(x / 4096) % 256 } }'
}

expect 3 "no such file" "$M6" caption missing.mp4
says err "missing.mp4"
expect 3 "a folder" "$M6" caption "$work"
: >empty.mp4
expect 3 "an empty file" "$M6" caption empty.mp4
noise >noise.png
ok "noise is noise" test "$(wc -c <noise.png)" -ge 5000
expect 3 "noise" "$M6" ask noise.png "What is it?"
expect 0 "a picture" "$M6" draw "red cat" -o cat.png -q
head -c 400 cat.png >cut.png
expect 3 "a picture that breaks off" "$M6" caption cut.png
expect 3 "a picture that breaks off, kept" "$M6" draw "red cat" --image cut.png --keep 0,0,8,8 -o no.png

make -f lavfi -i sine=duration=1 -c:a aac sound.m4a
expect 3 "sound alone" "$M6" caption sound.m4a
says err "video"

make -f lavfi -i testsrc=size=320x180:rate=25:duration=4 -c:v libx264 -pix_fmt yuv420p clip.mp4
expect 0 "a clip" "$M6" caption clip.mp4 --every 1.5 --json
json out "#=3" 0.start_ns=0 0.end_ns=1500000000 1.start_ns=1500000000 2.end_ns=4000000000
expect 0 "a clip, a line a caption" "$M6" caption clip.mp4 --every 2
says out '^00:00:02.000 --> 00:00:04.000  '
for type in srt vtt ass json; do
    expect 0 "to .$type" "$M6" caption clip.mp4 --every 2 -o clip.$type
    expect 1 "to .$type again" "$M6" caption clip.mp4 -o clip.$type
done
name=".srt"
says clip.srt '00:00:02,000 --> 00:00:04,000'
name=".vtt"
says clip.vtt '00:02.000 --> 00:04.000'
name=".ass"
says clip.ass '0:00:02.00,0:00:04.00'
expect 0 "by scene" "$M6" caption clip.mp4 --on scene --json
json out 0.start_ns=0
expect 0 "ask a clip" "$M6" ask clip.mp4 "What is it?"
expect 3 "subtitles of a still" "$M6" caption cat.png -o still.srt
says err "still"

make -f lavfi -i testsrc=size=320x180:rate=25:duration=4 -c:v libx264 -pix_fmt yuv420p -movflags +faststart fast.mp4
head -c $(($(stat -c %s fast.mp4) * 2 / 3)) fast.mp4 >cut.mp4
expect 0 "a video that breaks off" "$M6" caption cut.mp4 --every 1 --json
says err "warning:"
json out 0.start_ns=0
head -c 300 fast.mp4 >start.mp4
expect 3 "a video without frames" "$M6" caption start.mp4
head -c 40 fast.mp4 >head.mp4
expect 3 "a video without a header" "$M6" caption head.mp4
says err "whole copy"
expect 2 "too many captions" "$M6" caption clip.mp4 --every 0.0001
says err "0 for each frame"
expect 3 "nobody there" "$M6" caption http://127.0.0.1:9/clip.mp4
latin=$(printf 'caf\351.png')
expect 3 "a name that is not UTF-8" "$M6" caption "no-$latin" --json
json out exit=3 error
expect 0 "a name that is not UTF-8, to write" "$M6" draw "red cat" -o "$latin" --json
json out pictures.0.path=caf?.png
# Waiting for a pipe that nobody writes to: ^C ends that too.
mkfifo pipe
checks=$((checks + 1))
name="interrupted while it waits for its input"
timeout --preserve-status -k 30 -s INT 1 "$M6" caption pipe >out 2>err
code=$?
[ $code -eq 130 ] || bad "$name: exit status $code"

make -f lavfi -i testsrc=size=64x64:rate=25:duration=1 -c:v libx264 -pix_fmt yuv420p -frames:v 0 none.mp4
expect 3 "no frames at all" "$M6" caption none.mp4
make -f lavfi -i sine=duration=1 -i cat.png -map 0 -map 1 -c:v png -disposition:v attached_pic -c:a mp3 cover.mp3
expect 3 "sound with a cover picture" "$M6" caption cover.mp3
says err "a cover picture"
make -i clip.mp4 -c copy clip.mkv
cat clip.mkv >pipe &
expect 0 "a video from a pipe" "$M6" caption pipe --every 2 --json
json out "#=2" 1.end_ns=4000000000
cat cat.png >pipe &
expect 0 "a picture from a pipe" "$M6" caption pipe --json
json out "#=1" 0.end_ns=0
expect 4 "without the media module" env M6_HOST=none M6_MEDIA=none.so "$M6" caption clip.mp4
says err "m6media.so"

make -f lavfi -i testsrc=size=321x179:rate=25:duration=1 -c:v ffv1 -pix_fmt bgr0 odd.mkv
expect 0 "odd sizes" "$M6" caption odd.mkv --json
make -f lavfi -i testsrc=size=320x180:rate=25:duration=1 -c:v ffv1 -pix_fmt yuv420p10le ten.mkv
expect 0 "10 bits" "$M6" caption ten.mkv --json
make -f lavfi -i testsrc=size=320x180:rate=25:duration=1 -c:v ffv1 -pix_fmt bgra alpha.mkv
expect 0 "alpha" "$M6" caption alpha.mkv --json
make -f lavfi -i testsrc=size=320x180:rate=25:duration=2 -vf "select='not(mod(n,3))+gt(n,30)'" -vsync vfr -c:v libx264 \
    -pix_fmt yuv420p vfr.mkv
expect 0 "variable frame rate" "$M6" caption vfr.mkv --every 0.5 --json
make -i clip.mp4 -c copy -metadata:s:v rotate=90 turned.mp4
expect 0 "rotation" "$M6" caption turned.mp4 --json

expect 3 "a script that is missing" "$M6" storyboard --script none.fountain
expect 3 "a script that is a folder" "$M6" storyboard --script "$work"
echo "no scene here" >none.fountain
expect 3 "a script without scenes" "$M6" storyboard --script none.fountain
says err "EXT. BEACH - DAY"
printf 'EXT. A\n\n\377\n' >latin.fountain
expect 3 "a script that is not UTF-8" "$M6" storyboard --script latin.fountain
expect 3 "a script that is no text" "$M6" storyboard --script cat.png
printf 'INT. - \n' >nothing.fountain
expect 3 "a script with nothing to draw" "$M6" storyboard --script nothing.fountain -o nothing.mp4
expect 3 "a preset that is missing" "$M6" storyboard "red cat" --preset nope
echo '{"name": "x", "command": "storyboard", "options": {"fsp": 24}}' >wrong.json
expect 3 "a preset with a wrong key" "$M6" storyboard "red cat" --preset ./wrong.json
says err "fsp"
echo '{"name": "x",' >broken.json
expect 3 "a preset that is no JSON" "$M6" storyboard "red cat" --preset ./broken.json
for text in '{' '[]' '{"model_type": 3}' '{"model_type": "m6"}' '{"model_type": "other", "d_model": -1}'; do
    rm -rf wrong && mkdir wrong && echo "$text" >wrong/config.json
    expect 4 "a model with the config $text" "$M6" --model ./wrong draw "red cat" -o no.png
done
no_leftovers
finish
