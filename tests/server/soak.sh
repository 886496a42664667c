# soak.sh [SECONDS]: a host under mixed load for so long (default: SOAK_SECONDS, else 120), with memory and descriptors that stay flat.
#   M6=build/release/bin/m6 M6D=build/release/bin/m6d TOOLS=build/release/tests/server sh tests/server/soak.sh 1800
# The first quarter, at most a minute and a half, is for getting warm. What the engine's caches hold (keys and values, encodings of
# pictures) is taken off: they fill up to bounds of their own, which takes minutes. What is left may be 4 MiB and 3 % more over the last
# third than over the first, and that is all. When the load is over, the host has as many descriptors as before it.
. "$(dirname "$0")/host.sh"
seconds=${1:-${SOAK_SECONDS:-120}}

serve --metrics "unix:$work/metrics.sock"
until_it is_loaded
descriptors() {
    ls "/proc/$server/fd" | wc -l
}
fds=$(descriptors)

"$M6" top --json --interval 1 >lines &
watcher=$!
"$TOOLS/load" "$seconds" 4 >load.out 2>load.err &
load=$!
name="soak"
while kill -0 $load 2>/dev/null; do
    sleep 1
    descriptors >>fds 2>/dev/null
    n=$((${n:-0} + 1))
    [ $((n % 5)) -eq 0 ] && { "$TOOLS/scrape" get "unix:$work/metrics.sock" | sed '1,/^.$/d' | "$TOOLS/scrape" check >/dev/null || bad "a scrape"; }
    [ $((n % 7)) -eq 0 ] && { "$M6" top --once >/dev/null || bad "m6 top"; }
    kill -0 $server 2>/dev/null || break
done
wait $load
code=$?
kill $watcher
wait $watcher
cp load.out out
cp load.err err
checks=$((checks + 1))
[ $code -eq 0 ] || bad "the load ends with $code"
cat load.out

# What clients left behind is cancelled within seconds.
for i in $(seq 100); do
    "$M6" status --json >status 2>/dev/null
    [ "$("$M6" top --once --json | sed 's/.*"jobs":{"running":\([0-9]*\),"waiting":\([0-9]*\).*/\1\2/')" = 00 ] && [ "$(descriptors)" -le "$fds" ] && break
    sleep 0.1
done
checks=$((checks + 2))
kill -0 $server 2>/dev/null || bad "the host is gone: $(tail -n 1 serve.log)"
[ "$(descriptors)" -le "$fds" ] || bad "descriptors: $fds before, $(descriptors) after"

checks=$((checks + 1))
# time, resident memory, and of that the caches: pages once touched stay
sed 's/.*"cache_used":"\([0-9]*\)","cache_idle":"\([0-9]*\)".*"encoder_used":"\([0-9]*\)".*"memory":"\([0-9]*\)".*"time":\([0-9.]*\).*/\5 \4 \1 \2 \3/' lines |
    awk 'NF == 5 { touched = $3 + $4 > touched ? $3 + $4 : touched; printf "%.0f %.0f %.0f\n", $1, $2 / 1024, ($2 - touched - $5) / 1024 }' >samples
awk -v fds="$fds" -v most="$(sort -n fds | tail -n 1)" '
    { at[NR] = $1; rss[NR] = $2; own[NR] = $3 }
    END {
        span = at[NR] - at[1]
        warm = at[1] + (span / 4 < 90 ? span / 4 : 90)
        third = (at[NR] - warm) / 3
        for (i = 1; i <= NR; i++) {
            if (at[i] >= warm && at[i] < warm + third) { a += own[i]; ra += rss[i]; na++ }
            if (at[i] >= at[NR] - third) { b += own[i]; rb += rss[i]; nb++ }
        }
        if (!na || !nb) { print "too short to say"; exit 1 }
        a /= na; b /= nb
        printf "%d seconds: memory without caches %.1f MiB once warm, %.1f MiB at the end (%+.1f); ", span, a / 1024, b / 1024, (b - a) / 1024
        printf "with them %.1f and %.1f MiB; descriptors %d at rest, %d at most\n", ra / na / 1024, rb / nb / 1024, fds, most
        exit b - a > 4096 + 0.03 * a
    }' samples || bad "memory grows"
"$M6" top --once
expect 0 "stop" "$M6" stop
wait $server
finish
