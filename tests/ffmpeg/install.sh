# The installer on a tree that has what it looks for in FFmpeg's: twice is once, undone is as before, and other folders are refused.
set -u
install="$M6_SOURCE/filters/ffmpeg/install.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
check() { # check NAME COMMAND…
    what=$1
    shift
    "$@" >out 2>&1 || { echo "not ok: $what"; sed 's/^/    /' out | head -n 5; failures=$((failures + 1)); }
}
refused() { # refused TEXT ARGUMENT…
    text=$1
    shift
    sh "$install" "$@" >said 2>&1 && { echo "not ok: taken: $*"; failures=$((failures + 1)); }
    check "says '$text'" grep -q -e "$text" said
}
for kind in AVFilter FFFilter; do
    mkdir -p $kind/libavfilter
    printf 'extern const %s ff_vf_mpdecimate;\nextern const %s ff_vf_negate;\nextern const %s ff_vsrc_mandelbrot;\n' $kind $kind $kind >$kind/libavfilter/allfilters.c
    printf 'OBJS-$(CONFIG_MPDECIMATE_FILTER) += vf_mpdecimate.o\nOBJS-$(CONFIG_NEGATE_FILTER) += vf_negate.o\n' >$kind/libavfilter/Makefile
    cat >$kind/configure <<'EOF'
  --enable-libmp3lame      enable MP3 encoding via libmp3lame [no]
EXTERNAL_LIBRARY_LIST="
    libmp3lame
"
lv2_filter_deps="lv2"
enabled libmp3lame        && require "libmp3lame >= 3.98.3" lame/lame.h lame_set_VBR_quality -lmp3lame
enabled movie_filter    && prepend avfilter_deps "avformat avcodec"
EOF
    cp -R $kind before
    check "$kind" sh "$install" $kind
    check "$kind: the filters are named" grep -q "^extern const $kind ff_vsrc_m6gen_src;" $kind/libavfilter/allfilters.c
    for file in vf_m6gen.c vf_m6caption.c m6/common/gen.c m6/frame/composite/mix.c m6/include/m6/composite.h m6/status.c; do
        check "$kind: $file" test -s $kind/libavfilter/$file
    done
    cp -R $kind once
    touch -d '2001-01-01' $kind/libavfilter/vf_m6gen.c $kind/configure
    check "$kind, again" sh "$install" $kind
    check "$kind, again: the same" diff -r once $kind
    check "$kind, again: nothing is written" test ! $kind/configure -nt $kind/libavfilter/vf_m6gen.c
    check "$kind: undone" sh "$install" --undo $kind
    check "$kind: undone, the same" diff -r before $kind
    rm -rf before once
done
refused "no source tree" nowhere
refused usage
sed -i /lv2/d AVFilter/configure
refused "is not as in FFmpeg" AVFilter
check "refused, nothing is written" test ! -e AVFilter/libavfilter/m6
sed -i /negate/d AVFilter/libavfilter/allfilters.c
refused "older than FFmpeg 5.1" AVFilter
[ $failures -eq 0 ] && echo "all as it should be"
exit $failures
