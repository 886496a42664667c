# kill -9 of the host while clients use it, at many moments: clients hear of it and end, and the next host serves as if nothing had been.
. "$(dirname "$0")/host.sh"
M6_HOST=none "$M6" draw "red cat" --seed 1 -o cat.png -q || bad "draw"

for i in 0 1 2 3 4 5 6 7 8 9; do
    ok "round $i: a host" "$TOOLS/race" 2
    pid=$(cat out)
    timeout 120 "$EDITOR_SAMPLE" cat.png "red cat" a.otio >/dev/null 2>a.err &
    one=$!
    timeout 120 "$EDITOR_SAMPLE" cat.png "red cat" b.otio >/dev/null 2>b.err &
    two=$!
    sleep 0.0$((i * 3 % 10))$i
    kill -9 "$pid" 2>/dev/null
    for each in $one $two; do
        wait $each
        code=$?
        checks=$((checks + 1))
        # Done before it died, failed with it, or came later and has a host of its own.
        [ $code -le 4 ] || bad "round $i: an editor ends with $code"
    done
done
ok "after all" "$EDITOR_SAMPLE" cat.png "red cat" c.otio
M6_HOST=none "$M6" draw "red cat" --seed 1 -o alone.png -q
ok "a command after all" "$M6" draw "red cat" --seed 1 -o served.png -q
ok "the same picture" cmp alone.png served.png
no_leftovers
finish
