# Pictures compared by their pixels.

# rgb_of IN OUT.rgb [FILTER]: the first frame.
rgb_of() {
    ffmpeg -v error -nostdin -y -i "$1" ${3:+-vf "$3"} -frames:v 1 -f rawvideo -pix_fmt rgb24 "$2" </dev/null
}
# same NAME A B [FILTER of A [of B]]: the first frames have the same pixels.
same() {
    checks=$((checks + 1))
    rgb_of "$2" a.rgb "${4:-}" && rgb_of "$3" b.rgb "${5:-}" && [ -s a.rgb ] && cmp -s a.rgb b.rgb || bad "$1: $2 and $3 differ"
}
differ() {
    checks=$((checks + 1))
    rgb_of "$2" a.rgb "${4:-}" && rgb_of "$3" b.rgb "${5:-}" && [ -s a.rgb ] && ! cmp -s a.rgb b.rgb || bad "$1: $2 and $3 are the same"
}
drawn() { # drawn OUT.png OPTION…
    out=$1
    shift
    M6_HOST=none "$M6" draw "$@" -o "$out" -q -y || bad "m6 draw $*"
}
