# Pictures for filters: what a feed shows is what `m6 draw` draws, and hosts that are absent, slow or killed are lived with.
. "$(dirname "$0")/../server/host.sh"
feed="$TOOLS/feed"

# rgb IN.png OUT.rgb
rgb() {
    ffmpeg -v error -nostdin -y -i "$1" -f rawvideo -pix_fmt rgb24 "$2" </dev/null
}
# same NAME A B
same() {
    checks=$((checks + 1))
    cmp -s "$2" "$3" || bad "$1: $2 and $3 differ"
}
drawn() { # drawn OUT.rgb OPTION…
    out=$1
    shift
    M6_HOST=none "$M6" draw "$@" -o "$out.png" -q -y && rgb "$out.png" "$out" || bad "m6 draw $*"
}

ok "no host" env M6_AUTOSTART=0 "$feed" absent
ok "no host by name" env M6_HOST=none "$feed" absent

serve
drawn own.rgb "a red cat" --seed 5
drawn large.rgb "a red cat at night" --seed 18446744073709551615 --size 640x360
ok "own size" "$feed" draw "a red cat" 5 0x0 a.rgb
same "own size" a.rgb own.rgb
ok "a size" "$feed" draw "a red cat at night" 18446744073709551615 640x360 b.rgb
same "a size" b.rgb large.rgb

ok "out of order" "$feed" disorder "a red cat" 5 4 stretch
for k in 0 1 2 3; do
    drawn "ref-$k.rgb" "a red cat" --seed $((5 + k))
    for way in 1 3 2; do
        [ "$way" = 2 ] && [ $((k % 2)) = 0 ] && continue # 3, 1, 3, 1
        same "stretch $k" "stretch-$way-$k.rgb" "ref-$k.rgb"
    done
done

M6_HOST=none "$M6" draw "a red cat" --seed 5 --size 640x360 -o frame.png -q || bad "frame"
rgb frame.png frame.rgb
drawn part.rgb "a dog" --seed 3 --size 640x360 --image frame.png --keep 0,0,640,90 --keep 0,270,640,90 --keep 0,90,160,180 --keep 480,90,160,180
ok "a region" "$feed" region frame.rgb 640x360 160,90,320,180 "a dog" 3 region.rgb
same "a region" region.rgb part.rgb

ok "live" "$feed" live "a red cat" "a blue bus"
ok "fades" "$feed" fades
ok "late" "$feed" late
ok "the cache" "$feed" cache
ok "interrupted" "$feed" interrupt
ok "what nobody wants is cancelled" "$feed" cancel
expect 0 "status" "$M6" status --json
checks=$((checks + 1))
[ "$(sed -n 's/.*"cancelled": *"\([0-9]*\)".*/\1/p' out | head -n 1)" -gt 0 ] || bad "no drawing was cancelled"

ok "killed" "$feed" lost "$server"
finish
