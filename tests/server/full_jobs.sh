# The disk is full while a job writes: it fails with a sentence, nothing half made stays, and the host lives on.
. "$(dirname "$0")/queue.sh"
mkdir small
full="No space left"
alone=
if mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
    trap '"$M6" stop --now -q >/dev/null 2>&1; cd / && umount -l "$work/small"; rm -rf "$work"' EXIT
    "$M6" serve --detach
else
    # No file may be longer than this. Pictures come from a host as files in memory, so that workers draw by themselves.
    alone="--threads 1"
    (ulimit -f 1200 && "$M6" serve --detach)
    full="too large"
fi
M6_HOST=none "$M6" draw "red cat" --verbatim --seed 1 --size 1280x720 -o large.png -q || bad "draw"
M6_HOST=none "$M6" caption large.png -o alone.json -q || bad "caption"
M6_HOST=none "$M6" draw "red cat" --verbatim --seed 1 --size 64x36 -o alone.png -q || bad "draw"
[ "$(stat -c %s large.png)" -gt 614400 ] || bad "the picture is too small for this test"
until_it_answers
before=$(host_pid)

expect 0 "a picture too large" "$M6" draw "red cat" --verbatim --seed 1 --size 1280x720 $alone -o small/a.png --detach
job=$(cat out)
expect 1 "it fails" "$M6" jobs wait "$job"
says err "small/a.png"
says err "$full"
expect 0 "show" "$M6" jobs show "$job" --json
json out state=failed exit=1 attempts=1

# One of several: none of them stays.
expect 0 "pictures, one of them too large" "$M6" draw "red cat" --verbatim --seed 1 --size 1280x720 $alone -n 3 -o small/b.png --detach
job=$(cat out)
expect 1 "they fail" "$M6" jobs wait "$job"
checks=$((checks + 1))
[ -z "$(ls -A small)" ] || bad "left behind: $(ls -A small | head -n 1)"

expect 0 "a small one" "$M6" draw "red cat" --verbatim --seed 1 --size 64x36 -o small/c.png --detach
expect 0 "is done" "$M6" jobs wait "$(cat out)"
ok "whole" cmp alone.png small/c.png
expect 0 "text" "$M6" caption large.png -o small/d.json --detach
expect 0 "is done" "$M6" jobs wait "$(cat out)"
ok "whole" cmp alone.json small/d.json

# Room again: the same job can be tried again.
rm -f small/*
expect 0 "retry" "$M6" jobs retry "$job"
if [ "$full" = "No space left" ] && mount -o remount,size=64m small 2>/dev/null; then
    expect 0 "with room it is done" "$M6" jobs wait "$job"
    ok "whole" cmp large.png small/b-001.png
else
    expect 1 "without room it fails again" "$M6" jobs wait "$job"
fi

# No room for the queue itself: refused, and nothing lost.
checks=$((checks + 1))
[ "$(host_pid)" = "$before" ] || bad "the host died"
if [ "$full" = "No space left" ]; then
    mkdir queue
    if mount -t tmpfs -o size=256k tmpfs queue; then
        export M6_HOST="$work/other.sock" XDG_STATE_HOME="$work/queue"
        trap 'M6_HOST="$work/host.sock" "$M6" stop --now -q >/dev/null 2>&1; "$M6" stop --now -q >/dev/null 2>&1; cd / && umount -l "$work/small"; umount -l "$work/queue"; rm -rf "$work"' EXIT
        expect 0 "first" "$M6" caption alone.png --detach
        expect 0 "wait" "$M6" jobs wait 1
        head -c 256k /dev/zero >queue/fill 2>/dev/null
        expect 1 "no room in the queue" "$M6" write "$(head -c 1900 /dev/zero | tr '\0' a) $(head -c 60 /dev/zero | tr '\0' b)" --detach
        says err "No space left"
        rm queue/fill
        expect 0 "room again" "$M6" caption alone.png -o late.json --detach
        expect 0 "wait for all" "$M6" jobs wait --all
        ok "made" test -s late.json
    fi
fi
no_leftovers
finish
