# m6caption in whole pipelines, with hosts that are processes of their own: slow ones, killed ones, none.
. "$(dirname "$0")/lib.sh"
export M6_PLUGINS_IN_PROCESS=1 M6_AUTOSTART=0 M6_SLOW="$work/slow"
pace() {
    printf '%s\n' "$1" >slow.new
    mv slow.new slow
}
slow_host() {
    M6_PLUGIN_PATH="$SLOW" "$M6" serve --lazy >>serve.log 2>&1 &
    server=$!
    until_it_answers
}
play() {
    timeout 120 gst-launch-1.0 -q "$@"
}
end_host() {
    kill -9 "$server"
    wait "$server" 2>/dev/null
}

# H.264 with B-frames, an edit list (the first frame is not at 0 in the file), and sound.
ffmpeg -v error -f lavfi -i testsrc2=size=320x180:rate=25:duration=6 -f lavfi -i sine=duration=6 -c:v libx264 -preset veryfast -bf 3 -g 30 \
    -pix_fmt yuv420p -c:a aac -shortest clip.mp4 || skip "ffmpeg cannot write H.264 here"
decode="filesrc location=clip.mp4 ! decodebin"

# Files are the same, however slow the host.
pace 0
slow_host
for ms in 0 50 500; do
    pace $ms
    ok "VTT at $ms ms" play $decode ! m6caption name=c every=1000000000 ! fakesink c.text_src_0 ! webvttenc ! filesink location=$ms.vtt
    ok "Matroska at $ms ms" play $decode ! m6caption name=c every=1000000000 ! x264enc threads=1 speed-preset=ultrafast ! m. \
        c.text_src_0 ! m. matroskamux name=m ! filesink location=$ms.mkv
    ok "packets" ffprobe -v error -show_entries packet=stream_index,pts_time,duration_time,size,pos $ms.mkv
    mv out $ms.packets
done
checks=$((checks + 5))
for ms in 50 500; do
    cmp -s 0.vtt $ms.vtt || bad "a host of $ms ms a caption makes another VTT"
    cmp -s 0.packets $ms.packets || bad "a host of $ms ms a caption makes another Matroska file"
done
[ "$(grep -c -e '-->' 0.vtt)" = 6 ] || bad "6 s have $(grep -c -e '-->' 0.vtt) captions of a second"

# Seeks over the decoder chain.
pace 5
ok "seeks" timeout 120 "$PLAY" seeks "$work/clip.mp4" 40
cat out

# A host killed in play, and another started: video goes on, and so do captions.
pace 20
gst-launch-1.0 -m videotestsrc is-live=true num-buffers=250 ! video/x-raw,width=160,height=90,framerate=50/1 ! \
    m6caption every=100000000 ! fakesink sync=true >played 2>&1 &
player=$!
sleep 1.5
end_host
before=$(grep -c m6caption/caption played)
sleep 0.5
slow_host
wait $player
code=$?
checks=$((checks + 3))
[ $code -eq 0 ] || bad "a pipeline whose host was killed ends with $code"
[ "$(grep -c m6caption/disconnected played)" = 1 ] || bad "$(grep -c m6caption/disconnected played) warnings of a killed host, not 1"
[ "$(grep -c m6caption/caption played)" -gt "$((before + 5))" ] || bad "no captions come from the next host"

# State cycles, watched by GStreamer's own tracer.
pace 0
GST_TRACERS=leaks GST_DEBUG=GST_TRACER:7 GST_DEBUG_FILE=leaks.log ok "cycles" timeout 240 "$PLAY" cycles 1000
checks=$((checks + 1))
alive='object-alive, type-name=(string)[^%]' # not the line that describes the record
grep -q "$alive" leaks.log && bad "leaks: $(grep "$alive" leaks.log | head -n 1)"
if [ -z "${SANITIZED:-}" ] && command -v valgrind >/dev/null; then
    G_SLICE=always-malloc ok "valgrind" timeout 240 valgrind -q --error-exitcode=9 "$PLAY" cycles 11
fi
end_host

# Nobody there: the video plays, with one warning.
M6_HOST="$work/nobody.sock" gst-launch-1.0 videotestsrc num-buffers=100 ! m6caption name=c ! fakesink c.text_src_0 ! fakesink >played 2>&1
code=$?
checks=$((checks + 2))
[ $code -eq 0 ] || bad "without a host it ends with $code"
[ "$(grep -c WARNING played)" = 1 ] || bad "$(grep -c WARNING played) warnings without a host, not 1"
finish
