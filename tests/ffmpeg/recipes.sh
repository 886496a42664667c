# The recipes of docs/ffmpeg.md: each command of that section runs, and gives what it names.
. "$(dirname "$0")/lib.sh"
serve
mkdir bin
cat >bin/ffmpeg <<EOF
#!/bin/sh
LD_LIBRARY_PATH="$frames" exec "$(command -v ffmpeg)" -nostdin -y "\$@"
EOF
chmod +x bin/ffmpeg
PATH="$work/bin:$PATH"
"$M6" draw "a red cat" --seed 5 --size 320x180 -o cat.png -q && "$M6" draw "a blue bus" --seed 6 --size 320x180 -o bus.png -q || bad "m6 draw"
ffmpeg -v error -loop 1 -framerate 10 -t 1 -i cat.png -loop 1 -framerate 10 -t 1 -i bus.png -filter_complex "[0][1]concat=n=2,format=yuv420p" -c:v libx264 clip.mp4 </dev/null || bad clip.mp4
ffmpeg -v error -f lavfi -i color=lime:size=320x180:rate=10:duration=0.5 -vf format=yuv420p -c:v libx264 green.mp4 </dev/null || bad green.mp4
sed -n '/^## Recipes/,$s/^    //p' "$M6_SOURCE/docs/ffmpeg.md" >commands
while read -r command; do
    checks=$((checks + 1))
    printf '%s\n' "$command" >command.sh
    sh command.sh >out 2>err </dev/null || bad "$command"
done <commands
for file in title.mp4 keyed.mp4 shots.mp4 captioned.mp4 transcoded.mp4 changed.mp4 storyboard.mp4; do
    checks=$((checks + 1))
    [ "$(ffprobe -v error -select_streams v -count_frames -show_entries stream=nb_read_frames -of csv=p=0 $file | tr -d ',')" -ge 5 ] || bad "$file has no frames"
done
ffmpeg -v error -i captioned.mp4 -map 0:s -f srt - </dev/null >subtitles.srt
checks=$((checks + 4))
[ "$(grep -c -- '-->' subtitles.srt)" -eq 2 ] || bad "captioned.mp4: $(grep -c -- '-->' subtitles.srt) captions, not 2"
[ "$(wc -l <captions.jsonl)" -eq 2 ] || bad "captions.jsonl: $(wc -l <captions.jsonl) lines, not 2"
[ "$(grep -c 'm6gen prompt' shots.cmd)" -eq 2 ] || bad "shots.cmd: $(cat shots.cmd)"
cmp -s changed.mp4 shots.mp4 && bad "recipes give the same"
finish
