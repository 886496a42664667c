# What m6caption costs, as docs/benchmarks.md has it:  sh tests/gstreamer/bench.sh [BUILD] [FRAMES]
# With hosts of its own. The figures of delay need a machine that does nothing else.
set -u
BUILD=$(cd "${1:-build/release}" && pwd)
frames=${2:-3600}
export GST_PLUGIN_PATH="$BUILD/lib/gstreamer-1.0" M6_AUTOSTART=0
work=$(mktemp -d "${TMPDIR:-/tmp}/m6-bench-XXXXXX")
export M6_HOST="$work/host.sock" GST_REGISTRY="$work/registry" XDG_STATE_HOME="$work"
trap 'kill -CONT $host 2>/dev/null; kill -9 $host $load 2>/dev/null; rm -rf "$work"' EXIT
bench=$BUILD/tests/gstreamer/gst_bench
load=
begin() {
    "$BUILD/bin/m6" serve "$@" >"$work/log" 2>&1 &
    host=$!
    until "$BUILD/bin/m6" status >/dev/null 2>&1; do sleep 0.1; done
}
end() {
    kill -CONT $host
    kill -9 $host
    wait $host 2>/dev/null
}

echo "== a host that sleeps (50 ms a caption), every 0.5 s"
export M6_SLOW="$work/slow" M6_PLUGINS_IN_PROCESS=1
echo 50 >"$M6_SLOW"
M6_PLUGIN_PATH="$BUILD/tests/gstreamer/plugins" begin --lazy
"$bench" "$frames" 500
echo "== the same, frames copied"
"$bench" $((frames / 4)) 500 copy
echo "== a host that is stopped"
kill -STOP $host
"$bench" "$frames" 500
end
unset M6_PLUGINS_IN_PROCESS

echo "== a host that saturates all cores: the model, asked about every 20 ms by as many others as there are cores"
begin
load=
for i in $(seq "$(nproc)"); do
    gst-launch-1.0 -q videotestsrc is-live=true pattern=snow ! video/x-raw,width=320,height=180,framerate=50/1 ! m6caption every=20000000 ! fakesink &
    load="$load $!"
done
sleep 2
"$bench" "$frames" 500
kill $load
wait $load 2>/dev/null
load=

echo "== 8 pipelines in 8 processes, a caption each 0.2 s, for 20 s"
for i in 1 2 3 4 5 6 7 8; do
    gst-launch-1.0 -m videotestsrc is-live=true num-buffers=500 pattern=ball ! video/x-raw,width=320,height=180,framerate=25/1 ! \
        m6caption every=200000000 ! fakesink sync=true >"$work/p$i" 2>&1 &
    load="$load $!"
done
wait $load
load=
for i in 1 2 3 4 5 6 7 8; do grep -c m6caption/caption "$work/p$i"; done | tr '\n' ' '
echo "captions"
"$BUILD/bin/m6" status
grep VmHWM /proc/$host/status
end
