# From a cold start, beyond the inference itself: at most 0.15 s for a picture or the caption of a still; nothing but what
# such a job needs is loaded. The limit is wide here, for machines under load; docs/benchmarks.md has the figures.
. "$(dirname "$0")/lib.sh"

expect 0 "a picture" "$M6" draw "red cat" --seed 1 -o cat.png -q
name="no libav, no Pango, no SQLite"
for library in libav libsw libpango libcairo libsqlite; do
    checks=$((checks + 1))
    ldd "$M6" | grep -q "$library" && bad "m6 is linked to $library"
done
if command -v strace >/dev/null; then
    strace -f -e trace=openat -o trace "$M6" caption cat.png >/dev/null 2>&1
    checks=$((checks + 1))
    grep -q 'libavcodec' trace && bad "captioning a still loads libavcodec"
fi
best=999999
for i in 1 2 3 4 5; do
    from=$(date +%s%N)
    "$M6" models info >/dev/null || bad "models info"
    to=$(date +%s%N)
    took=$(((to - from) / 1000000))
    [ $took -lt $best ] && best=$took
done
echo "start, load and end: $best ms at best"
checks=$((checks + 1))
[ $best -le 600 ] || bad "starting takes $best ms"
finish
