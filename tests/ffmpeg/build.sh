#!/bin/sh
# Builds libavfilter with M6's filters, from the source of the very ffmpeg that is installed, so that the stock program runs them: FOLDER/lib. A
# small configuration: the other libraries are the installed ones.
#   build.sh FOLDER        from CTest: M6_BUILD (m6's build tree), M6_SOURCE
# The source comes from M6_FFMPEG_SOURCE, or from Debian once, into M6_FFMPEG_CACHE.
set -u
out=$1
skip() {
    echo "skipped: $1"
    exit 77
}
[ -z "${SANITIZED:-}" ] || skip "the stock ffmpeg cannot load sanitized libraries"
command -v ffmpeg >/dev/null || skip "there is no ffmpeg"
mkdir -p "$out"
cache=${M6_FFMPEG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/m6/ffmpeg}
src=${M6_FFMPEG_SOURCE:-$(sh "$M6_SOURCE/filters/ffmpeg/debian-source.sh" "$cache" 2>"$out/source.log")}
[ -d "$src" ] || skip "$(tail -n 1 "$out/source.log")"
version=$(cat "$src/RELEASE")
ffmpeg -version | head -n 1 | grep -qF "ffmpeg version $version" || skip "the source is of $version, and the program is not: $(ffmpeg -version | head -n 1)"

tree="$out/ffmpeg-$version"
[ -f "$tree/.copied" ] || { rm -rf "$tree" && cp -R "$src" "$tree" && touch "$tree/.copied"; } || exit 1
sh "$M6_SOURCE/filters/ffmpeg/install.sh" "$tree" || exit 1

mkdir -p "$out/lib"
. "$(dirname "$0")/pkgconfig.sh"
pkgconfig "$out/pkgconfig"
cd "$tree" || exit 1
filters=m6gen,m6gen_src,m6caption,aformat,alphamerge,anull,aresample,atrim,color,concat,crop,drawbox,format,fps,geq,hstack,hwdownload,hwupload,loop,metadata,null,nullsrc,overlay,pad,scale,select,sendcmd,setparams,setpts,setsar,settb,showinfo,split,testsrc,testsrc2,transpose,trim,vflip,hflip,rotate,tile
set -- --disable-everything --disable-autodetect --disable-doc --disable-debug --disable-x86asm --disable-programs --enable-pic --enable-libm6 --enable-protocol=file,pipe --enable-filter=$filters
if [ "$(cat .configured 2>/dev/null)" != "$*" ] || [ configure -nt ffbuild/config.mak ]; then
    PKG_CONFIG_PATH="$out/pkgconfig" ./configure "$@" >"$out/configure.log" 2>&1 || { tail -n 5 "$out/configure.log"; exit 1; }
    echo "$*" >.configured
fi
make -j "$(nproc)" libavfilter/libavfilter.a >"$out/make.log" 2>&1 || { grep -B 2 -A 5 'error' "$out/make.log" | head -n 40; exit 1; }
grep -A 3 'm6.*warning:' "$out/make.log" && { echo "our sources are not clean"; exit 1; }
# Members of an archive find each other by name.
members=$(ar t libavfilter/libavfilter.a | sort | uniq -d)
[ -z "$members" ] || { echo "two objects are called $members"; exit 1; }
major=$(sed -n 's/#define LIBAVFILTER_VERSION_MAJOR *//p' libavfilter/version_major.h)
sed "s/MAJOR/$major/" libavfilter/libavfilter.v >"$out/libavfilter.ver"
gcc -shared -o "$out/lib/libavfilter.so.$major" -Wl,-soname,libavfilter.so.$major -Wl,--version-script,"$out/libavfilter.ver" -Wl,-Bsymbolic -Wl,-z,defs \
    -Wl,--whole-archive libavfilter/libavfilter.a -Wl,--no-whole-archive -L"$M6_BUILD/lib" -lm6 $(pkg-config --libs libavformat libavcodec libswscale libswresample libavutil libcjson) -lm -pthread || exit 1
echo "libavfilter $major of FFmpeg $version is built"
