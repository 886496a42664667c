#!/bin/sh
# Adds M6's filters (m6gen, m6gen_src, m6caption) to a source tree of FFmpeg, 5.1 to 9.0.
#   install.sh SRC           again: brings what is there up to date
#   install.sh --undo SRC    leaves the tree as it was
# Then configure it with --enable-libm6; pkg-config must find m6 (PKG_CONFIG_PATH where it is not in a usual place).
#
# Three files are changed, each by lines beside a line that all of these versions have; what is copied is libavfilter/vf_m6*.c and libavfilter/m6.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
undo=
if [ "${1:-}" = --undo ]; then
    undo=b # what sed does instead of adding: go on
    shift
fi
if [ $# -ne 1 ] || [ "${1#-}" != "$1" ]; then
    echo "usage: install.sh [--undo] SRC     SRC is a source tree of FFmpeg" >&2
    exit 2
fi
src=$1

die() {
    echo "install.sh: $1" >&2
    exit 1
}
[ -f "$src/libavfilter/allfilters.c" ] && [ -f "$src/configure" ] || die "$src is no source tree of FFmpeg; unpack one and name its folder"
[ -w "$src/libavfilter" ] || die "$src cannot be written to; copy it to a folder of your own"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# put NEW OLD: OLD becomes NEW, if it is not already, so that make builds no more than it has to.
put() {
    cmp -s "$1" "$2" && return 0
    mkdir -p "$(dirname "$2")"
    cat "$1" >"$2"
}

# edit FILE SCRIPT [SAYS…]: takes away what was added before, then adds by SCRIPT; the result must have each SAYS.
edit() {
    file=$1
    script=$2
    shift 2
    sed '/libm6\|m6gen\|m6caption\|libavfilter\/m6\//d' "$src/$file" >"$work/plain"
    sed "${undo:-$script}" "$work/plain" >"$work/new"
    for says in "$@"; do
        [ -n "$undo" ] || grep -q -e "$says" "$work/new" || die "$src/$file is not as in FFmpeg 5.1 to 9.0: there is no place for '$says'"
    done
    cp "$work/new" "$work/$(basename "$file").done"
}

kind=$(sed -n 's/^extern const \(AVFilter\|FFFilter\) ff_vf_negate;/\1/p' "$src/libavfilter/allfilters.c")
[ -n "$kind" ] || die "$src is older than FFmpeg 5.1, or no FFmpeg that this script knows"

edit libavfilter/allfilters.c "
/^extern const $kind ff_vf_negate;/i\\
extern const $kind ff_vf_m6caption;\\
extern const $kind ff_vf_m6gen;
/^extern const $kind ff_vsrc_mandelbrot;/i\\
extern const $kind ff_vsrc_m6gen_src;" ff_vf_m6gen ff_vf_m6caption ff_vsrc_m6gen_src

edit libavfilter/Makefile '
/^OBJS-$(CONFIG_NEGATE_FILTER)/i\
include $(SRC_PATH)/libavfilter/m6/Makefile' 'libavfilter/m6/Makefile'

edit configure '
/^  --enable-libmp3lame /i\
  --enable-libm6           enable pictures and captions by a resident M6 model [no]
/^    libmp3lame$/i\
    libm6
/^lv2_filter_deps=/i\
m6caption_filter_deps="libm6 avformat swscale"\
m6gen_filter_deps="libm6 swscale"\
m6gen_src_filter_deps="libm6 swscale"
/^enabled libmp3lame  *&& require/i\
enabled libm6             \&\& require_pkg_config libm6 m6 m6/m6.h m6_open \&\&\
                             append libm6_extralibs $($pkg_config --libs libcjson) # for libm6
/^enabled movie_filter  *&& prepend/i\
enabled m6caption_filter    \&\& prepend avfilter_deps "avformat avcodec swscale"\
enabled m6gen_filter        \&\& prepend avfilter_deps "swscale"\
enabled m6gen_src_filter    \&\& prepend avfilter_deps "swscale"' \
    '^  --enable-libm6 ' '^    libm6$' '^m6gen_filter_deps=' 'require_pkg_config libm6' 'm6gen_filter  *&& prepend'

# Nothing has been touched until here.
for file in libavfilter/allfilters.c libavfilter/Makefile configure; do
    put "$work/$(basename "$file").done" "$src/$file"
done
if [ -n "$undo" ]; then
    rm -rf "$src/libavfilter/m6" "$src"/libavfilter/vf_m6gen.[cdo] "$src"/libavfilter/vf_m6caption.[cdo]
    exit 0
fi

# The folders keep their names, since sources find each other by them.
(cd "$here/.." && ls common/*.[ch] frame/*.[ch] frame/composite/*.[ch] frame/include/m6/*.h) >"$work/list"
while read -r file; do
    case $file in
    frame/include/*) put "$here/../$file" "$src/libavfilter/m6/${file#frame/}" ;;
    *) put "$here/../$file" "$src/libavfilter/m6/$file" ;;
    esac
done <"$work/list"
for file in "$src"/libavfilter/m6/common/*.[ch] "$src"/libavfilter/m6/frame/*.[ch] "$src"/libavfilter/m6/frame/composite/*.[ch]; do
    [ -f "$here/../${file#"$src"/libavfilter/m6/}" ] || rm -f "$file" "${file%.c}.o" "${file%.c}.d"
done
for file in compat.h destination.c destination.h; do
    put "$here/$file" "$src/libavfilter/m6/$file"
done
put "$here/../../engine/core/status.c" "$src/libavfilter/m6/status.c"
put "$here/Makefile.in" "$src/libavfilter/m6/Makefile"
for file in vf_m6gen.c vf_m6caption.c; do
    put "$here/$file" "$src/libavfilter/$file"
done
