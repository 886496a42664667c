#!/bin/sh
# What m6gen costs in FFmpeg, in µs of processor time a frame: one preloaded 1080p yuv420p frame, looped, -filter_threads 1, into nothing.
#   M6=… M6_BUILD=… sh ffmpeg.sh [PROGRAM]      PROGRAM: an ffmpeg with the filters; else the stock one with the libavfilter in $FFMPEG/lib (tests/ffmpeg/build.sh)
# Wants an idle machine. FRAMES (2000; fifty times as many where nothing is written) and ROUNDS (5; the least of them counts) can be set. A libavfilter without assembly has a slower overlay to compare
# with: for figures to publish take one that was built with nasm.
set -u
frames=${FRAMES:-2000}
rounds=${ROUNDS:-5}
work=$(mktemp -d)
export M6_HOST="$work/host.sock" XDG_STATE_HOME="$work/state"
trap '"$M6" stop --now -q >/dev/null 2>&1; rm -rf "$work"' EXIT
cd "$work" || exit 1
if [ $# -gt 0 ]; then
    program=$1
    export LD_LIBRARY_PATH="$M6_BUILD/lib"
else
    program=ffmpeg
    export LD_LIBRARY_PATH="$FFMPEG/lib:$M6_BUILD/lib"
fi
"$M6" draw "a red cat" --seed 5 --size 640x360 -o still.png -q || exit 1

# cost FRAMES GRAPH: microseconds a frame, of the whole program, without what it costs to start.
once() { # once FRAMES GRAPH
    "$program" -v info -nostdin -benchmark -filter_threads 1 -filter_complex_threads 1 -i still.png \
        -filter_complex "testsrc2=size=1920x1080:rate=25,format=yuv420p,trim=end_frame=1,loop=loop=$1:size=1,setpts=N/25/TB[in];$2" -map '[out]' -f null - 2>&1 |
        sed -n 's/.*bench: utime=\([0-9.]*\)s stime=\([0-9.]*\)s.*/\1 \2/p' | awk '{print $1 + $2}'
}
cost() {
    for round in $(seq "$rounds"); do
        echo "$(once 10 "$2") $(once $((10 + $1)) "$2")"
    done | awk -v n="$1" '{c = ($2 - $1) * 1e6 / n; if (NR == 1 || c < least) least = c} END {printf "%.1f", least}'
}
null=$(cost $((50 * frames)) "[in]null[out]")
off=$(cost $((50 * frames)) "[in]m6gen=a red cat:seed=5:enable=0[out]")
replace=$(cost $((50 * frames)) "[in]m6gen=a red cat:seed=5[out]")
shown=$(cost "$frames" "[in]m6gen=a red cat:seed=5:mode=overlay:w=640:h=360:x=64:y=64[out]")
overlay=$(cost "$frames" "[0]format=yuv420p[still];[in][still]overlay=x=64:y=64:format=yuv420[out]")
echo "frames of 1920x1080 yuv420p, µs each: null $null"
for line in "enable=0 $off $null null 1.02" "replace $replace $null null 1.02" "overlay $shown $overlay overlay 1.1"; do
    set -- $line
    awk -v name="$1" -v mine="$2" -v peer="$3" -v what="$4" -v most="$5" 'BEGIN {printf "m6gen %-9s %8.1f   %s %8.1f   %.3f (at most %s)\n", name, mine, what, peer, mine / peer, most}'
done
