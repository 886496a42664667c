# What the tests of FFmpeg's filters share: the stock ffmpeg with libavfilter as build.sh made it, and a host of the test's own.
# From CTest: M6, M6D, TOOLS, FFMPEG (build.sh's folder), M6_BUILD, M6_SOURCE.
. "$(dirname "$0")/../server/host.sh"
[ -d "$FFMPEG/lib" ] && ls "$FFMPEG"/lib/libavfilter.so.* >/dev/null 2>&1 || skip "libavfilter has not been built"
frames="$FFMPEG/lib:$M6_BUILD/lib"

# ff OPTION…: the stock program with our libavfilter.
ff() {
    LD_LIBRARY_PATH="$frames" ffmpeg -v warning -nostdin -y "$@" </dev/null
}
# runs NAME OPTION…: it does; stdout in ./out and stderr in ./err.
runs() {
    checks=$((checks + 1))
    name=$1
    shift
    ff "$@" >out 2>err || bad "$name"
}
# fails NAME TEXT OPTION…: it does not, and says TEXT.
fails() {
    checks=$((checks + 2))
    name=$1
    text=$2
    shift 2
    ff "$@" >out 2>err && bad "$name: goes on"
    grep -aqF -e "$text" err || bad "$name: does not say '$text'"
}
# md5 NAME FILE OPTION…: the frames' sums, without what is said of the stream.
md5() {
    name=$1
    sums=$2
    shift 2
    runs "$name" "$@" -f framemd5 sums.txt
    grep -v '^#' sums.txt >"$sums"
    [ -s "$sums" ] || bad "$name: no frames"
}
same() {
    checks=$((checks + 1))
    cmp -s "$2" "$3" || bad "$1: $2 and $3 differ"
}
differ() {
    checks=$((checks + 1))
    cmp -s "$2" "$3" && bad "$1: $2 and $3 are the same"
}
# is NAME WHAT WANTED
is() {
    checks=$((checks + 1))
    [ "$2" = "$3" ] || bad "$1: '$2', not '$3'"
}
# rgb FILE OUT.rgb [FILTER]: a picture's or a video's samples.
rgb() {
    ff -i "$1" ${3:+-vf "$3"} -f rawvideo -pix_fmt rgb24 "$2" 2>err || bad "$1 as RGB"
}
drawn() { # drawn OUT.png OPTION…
    to=$1
    shift
    M6_HOST=none "$M6" draw "$@" -o "$to" -q -y || bad "m6 draw $*"
}
