# What the tests of the frei0r filters share. From CTest: M6, M6D, TOOLS, PLUGINS (the folder of m6gen.so), HERE (m6probe.so, ffharness).
. "$(dirname "$0")/../server/host.sh"
export FREI0R_PATH="$PLUGINS:$HERE" GST_REGISTRY="$work/registry.bin" GST_REGISTRY_FORK=no MLT_PROFILE=square_pal
unset FREI0R_PLUGIN_PATH MLT_FREI0R_PLUGIN_PATH M6_FREI0R_TIME GST_DEBUG GST_PLUGIN_FEATURE_RANK
harness="$HERE/ffharness"

# Real hosts have no sanitizers in them; then the harness is all.
has() {
    [ -z "${SANITIZED:-}" ] && command -v "$1" >/dev/null
}

# rendered NAME OUT THREADS MELT-OPTION…: the frames as melt has them after those filters, a line each: time, size, sum. Its avformat consumer now and
# then writes nothing or does not end (7.12, with no filter of ours), so frames are written down by m6probe.
rendered() {
    name=$1
    to=$2
    threads=$3
    shift 3
    rm -f frames
    ok "$name" env M6_PROBE="$work/frames" SDL_AUDIODRIVER=dummy SDL_VIDEODRIVER=dummy timeout 200 melt -silent "$@" -attach frei0r.m6probe -consumer null real_time=$threads terminate_on_pause=1 </dev/null
    grep -a '^time=' frames | sort -u >"$to"
}
# sum_of PICTURE: as m6probe has it.
sum_of() {
    rm -f frames
    M6_PROBE="$work/frames" ffmpeg -v error -nostdin -i "$1" -vf frei0r=m6probe -f null - </dev/null
    sed -n 's/.* sum=/sum=/p' frames
}
