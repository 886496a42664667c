# m6caption in the stock ffmpeg: exact whatever the host's speed, its destinations, and what it says on frames.
. "$(dirname "$0")/lib.sh"
clip="testsrc2=size=320x180:rate=10:duration=2"

# ---- without a host ----
export M6_AUTOSTART=0
md5 "the frames" plain.md5 -f lavfi -i "$clip"
md5 "no host" pass.md5 -f lavfi -i "$clip" -vf "m6caption=every=1:destination=none.srt"
same "no host" pass.md5 plain.md5
is "no host: captions" "$(wc -c <none.srt)" 0
fails "no host, fail" "no caption at 0.000 s" -f lavfi -i "$clip" -vf "m6caption=on_error=fail" -f null -
fails "neither every nor scene" "scene" -f lavfi -i "$clip" -vf "m6caption=every=0" -f null -
fails "a destination that cannot be" "captions cannot be written to" -f lavfi -i "$clip" -vf "m6caption=destination=none/none.srt" -f null -
fails "a format" "format" -f lavfi -i "$clip" -vf "m6caption=format=ass" -f null -
unset M6_AUTOSTART

# ---- captions of pictures that the model knows ----
serve
"$M6" draw "a red cat" --seed 5 --size 320x180 -o cat.png -q && "$M6" draw "a blue bus" --seed 6 --size 320x180 -o bus.png -q || bad "m6 draw"
ff -loop 1 -framerate 10 -t 1 -i cat.png -loop 1 -framerate 10 -t 1 -i bus.png -filter_complex "[0][1]concat=n=2,format=yuv420p" -c:v ffv1 two.nut || bad "two.nut"
md5 "frames" plain.md5 -i two.nut
md5 "they stay" kept.md5 -i two.nut -vf "m6caption=every=1:destination=one.srt,metadata=print:file=said.txt"
same "they stay" kept.md5 plain.md5
is "srt: numbers" "$(sed -n '1p;5p' one.srt | tr '\n' ' ')" "1 2 "
is "srt: times" "$(grep -- '-->' one.srt | tr '\n' '|')" "00:00:00,000 --> 00:00:01,000|00:00:01,000 --> 00:00:02,000|"
"$M6" caption cat.png >caption.txt 2>/dev/null
is "srt: text" "$(sed -n 3p one.srt)" "$(head -n 1 caption.txt)"
# On the last frame of its own stretch.
is "metadata" "$(grep -B 1 lavfi.m6.text said.txt | grep -o 'pts_time:[0-9.]*' | tr '\n' ' ')" "pts_time:0.9 pts_time:1.9 "
is "metadata: pts" "$(grep lavfi.m6.pts said.txt | tr '\n' ' ')" "lavfi.m6.pts=0.000000 lavfi.m6.pts=1.000000 "
is "metadata: duration" "$(grep lavfi.m6.duration said.txt | sort -u)" "lavfi.m6.duration=1.000000"
is "metadata: text" "$(sed -n 's/^lavfi.m6.text=//p' said.txt | head -n 1)" "$(sed -n 3p one.srt)"
runs "queue" -i two.nut -vf "m6caption=every=0.2:queue=8:destination=many.srt" -f null -
runs "no queue" -i two.nut -vf "m6caption=every=0.2:destination=few.srt" -f null -
same "queue" many.srt few.srt
runs "scene" -i two.nut -vf "m6caption=every=0:scene=0.06:destination=scene.srt" -f null -
same "scene" scene.srt one.srt
runs "vtt" -i two.nut -vf "m6caption=every=1:destination=one.vtt:format=vtt" -f null -
is "vtt" "$(head -n 1 one.vtt) $(grep -c -- '-->' one.vtt)" "WEBVTT 2"
runs "json" -i two.nut -vf "m6caption=every=1:destination=one.jsonl:format=json" -f null -
head -n 1 one.jsonl >first.json
json first.json start=0 end=1000 "text=$(sed -n 3p one.srt)" language=en
runs "the standard output" -i two.nut -vf "m6caption=every=1:destination=-" -f null -
same "the standard output" out one.srt
runs "a question" -i two.nut -vf "m6caption=prompt=what is it?:every=2:destination=answer.srt" -f null -
is "a question" "$(grep -c -- '-->' answer.srt)" 1
runs "enable" -i two.nut -vf "m6caption=every=1:enable='gte(t,1)':destination=half.srt" -f null -
is "enable" "$(grep -- '-->' half.srt)" "00:00:01,000 --> 00:00:02,000"
runs "one frame" -i two.nut -frames:v 1 -vf "m6caption=every=1:destination=frame.srt" -f null -
is "one frame" "$(grep -c -- '-->' frame.srt)" 1
runs "-t 0" -i two.nut -t 0 -vf "m6caption=destination=cut.srt" -f null -

# A size that changes in the middle: a new instance, the same destination.
ff -i two.nut -t 1 -vf scale=160:90 -c:v ffv1 a.nut && ff -i two.nut -ss 1 -t 1 -c:v ffv1 b.nut
printf 'file a.nut\nfile b.nut\n' >list
runs "a size that changes" -f concat -safe 0 -i list -vf "m6caption=every=1:destination=sizes.srt,scale=64:48" -f null -
is "a size that changes" "$(grep -c -- '-->' sizes.srt) $(grep -x '[12]' sizes.srt | tr '\n' ' ')" "2 1 2 "
runs "a size that changes: frames" -f concat -safe 0 -i list -vf "m6caption=every=1,scale=64:48" -f framemd5 sizes.md5
is "a size that changes: frames" "$(grep -vc '^#' sizes.md5)" 20
runs "an end behind it" -i two.nut -vf "m6caption=every=1:destination=cut.srt,trim=end=0.55" -f null -
is "an end behind it" "$(grep -c -- '-->' cut.srt)" 1
runs "again" -f concat -safe 0 -i list -vf "m6caption=every=1:destination=sizes.srt,scale=64:48" -f null -
is "again: begun anew" "$(grep -c -- '-->' sizes.srt)" 2

# Live: never waits, and says what there was time for.
runs "live" -re -i two.nut -vf "m6caption=every=0.5:live=1:destination=live.srt" -f framemd5 live.md5
grep -v '^#' live.md5 >a
same "live" a plain.md5
finish
