#!/bin/sh
# M6's filters in other versions of FFmpeg: each source tree given gets them, is built in a small configuration, and has to give the frames that the
# first one gives.
#   M6=… M6D=… TOOLS=… M6_BUILD=… M6_SOURCE=… sh other.sh FOLDER SRC…     builds in FOLDER; SRC stays as it is
#   with FFMPEGS="PROGRAM…" in the environment, those are taken as they are, instead of SRC
set -u
folder=$1
shift
mkdir -p "$folder" && folder=$(cd "$folder" && pwd) || exit 1
programs=${FFMPEGS:-}

filters=m6gen,m6gen_src,m6caption,aformat,anull,aresample,atrim,color,concat,crop,format,fps,geq,hflip,hwdownload,loop,metadata,null,nullsrc,overlay,rotate,scale,select,sendcmd,setparams,setpts,settb,split,testsrc,testsrc2,transpose,trim,vflip
. "$(dirname "$0")/pkgconfig.sh"
pkgconfig "$folder/pkgconfig"
for src in "$@"; do
    name=ffmpeg-$(cat "$src/RELEASE")
    tree="$folder/$name"
    [ -d "$tree" ] || cp -R "$src" "$tree" || exit 1
    sh "$M6_SOURCE/filters/ffmpeg/install.sh" "$tree" || exit 1
    began=$(date +%s)
    if ! (cd "$tree" && PKG_CONFIG_PATH="$folder/pkgconfig" ./configure --disable-everything --disable-autodetect --disable-doc --disable-debug \
        --disable-network --disable-x86asm --disable-ffplay --disable-ffprobe --enable-libm6 --enable-protocol=file,pipe --enable-indev=lavfi \
        --enable-demuxer=rawvideo --enable-encoder=rawvideo,wrapped_avframe --enable-decoder=rawvideo,wrapped_avframe \
        --enable-muxer=framemd5,null,rawvideo --enable-filter=$filters && make -j "$(nproc)" ffmpeg) >"$folder/$name.log" 2>&1; then
        echo "$name: cannot be built:"
        tail -n 5 "$folder/$name.log"
        continue
    fi
    echo "$name: built in $(($(date +%s) - began)) s"
    programs="$programs $tree/ffmpeg"
done

. "$(dirname "$0")/../server/host.sh"
export LD_LIBRARY_PATH="$M6_BUILD/lib"
serve
clip() { # clip FORMAT: 5 frames of 320x180
    ffmpeg -v error -nostdin -y -f lavfi -i "testsrc2=size=320x180:rate=25:duration=0.2" -vf "format=$1" -f rawvideo -pix_fmt "$1" "$1.raw" </dev/null
}
clips="yuv420p yuv420p10le yuv422p yuv444p yuva420p nv12 rgb24 rgba gbrp gray"
for format in $clips; do clip "$format"; done
ffmpeg -v error -nostdin -y -f lavfi -i "color=lime:size=320x180:rate=25:duration=0.2" -vf "format=yuv420p" -f rawvideo lime.raw </dev/null

# run PROGRAM: the sums of all frames of all graphs, in ./sums.
cat="prompt=a red cat:seed=5"
graph() { # graph NAME OPTION…
    printf '%s\n' "$1" >>sums
    shift
    "$program" -v error -nostdin -y "$@" -f framemd5 one.md5 </dev/null 2>>errors || echo "failed" >>sums
    grep -v '^#' one.md5 >>sums
    rm -f one.md5
}
raw() { # raw NAME FORMAT FILTERS
    graph "$1 $2" -f rawvideo -pixel_format "$2" -video_size 320x180 -framerate 25 -i "$2.raw" -vf "$3"
}
run() {
    program=$1
    : >sums
    graph source -f lavfi -i "m6gen_src=$cat:size=320x180:rate=5:every=0.4:fade=0.2:d=1"
    graph "source yuv" -f lavfi -i "m6gen_src=$cat:size=1280x720:rate=5:d=0.2,format=yuv420p"
    for format in $clips; do
        raw replace $format "m6gen=$cat"
        raw overlay $format "m6gen=$cat:mode=overlay:w=101:h=57:x=7+n:y=3:opacity=0.7"
    done
    raw fade yuv420p "m6gen=$cat:every=0.08:fade=0.08"
    raw enable yuv420p "m6gen=$cat:enable='gte(n,3)'"
    raw sendcmd yuv420p "sendcmd=c='0.08 m6gen seed 6; 0.16 m6gen opacity 0',m6gen=$cat"
    raw region yuv420p "m6gen=prompt=a dog:seed=3:mode=region:x=80:y=60:w=160:h=60"
    raw slate yuv420p "m6gen=$cat:host=/nobody:on_error=slate"
    graph key -f rawvideo -pixel_format yuv420p -video_size 320x180 -framerate 25 -i lime.raw -vf "m6gen=$cat:mode=key"
    graph caption -f rawvideo -pixel_format yuv420p -video_size 320x180 -framerate 25 -i yuv420p.raw -vf "m6caption=every=0.08:destination=one.srt,metadata=print:file=one.txt"
    cat one.srt one.txt >>sums
    rm -f one.srt one.txt
}
first=
for program in $programs; do
    : >errors
    run "$program"
    said=$("$program" -version | sed -n '1s/ Copyright.*//p')
    frames=$(grep -c '^0,' sums)
    checks=$((checks + 1))
    if [ -z "$first" ]; then
        first=$said
        mv sums wanted
        grep -q '^failed' wanted && bad "$said: $(cat errors)"
        echo "$said: $frames frames"
    elif cmp -s sums wanted; then
        echo "$said: $frames frames, the same as $first"
    else
        bad "$said: not the same as $first: $(diff wanted sums | head -n 6)"
        head -n 5 errors
    fi
done
finish
