# Output files appear whole or not at all, and nothing is replaced unasked.
. "$(dirname "$0")/lib.sh"

echo mine >here.png
expect 1 "an existing picture" "$M6" draw "red cat" -o here.png
says err "exists already"
name="an existing picture"
says here.png mine
expect 0 "with --overwrite" "$M6" draw "red cat" -o here.png --overwrite
echo mine >m6-4.png
expect 1 "an existing default name" "$M6" draw "red cat" --seed 4
echo mine >many-002.png
expect 1 "one of several exists" "$M6" draw "red cat" -n 3 -o many.png
checks=$((checks + 1))
[ -e many-001.png ] && bad "nothing is drawn when one of several exists"
echo mine >board.srt
expect 1 "a storyboard's companion exists" "$M6" storyboard "red cat" -o board.mp4
says err "board.srt"

expect 2 "wrong ending" "$M6" draw "red cat" -o cat.jpg
expect 2 "no ending" "$M6" draw "red cat" -o cat
expect 2 "wrong ending for captions" "$M6" caption here.png -o cat.txt
expect 2 "wrong ending for a script" "$M6" write "red cat" -o cat.docx
expect 2 "wrong ending for a video" "$M6" storyboard "red cat" -o cat.avi
expect 1 "no such folder" "$M6" draw "red cat" -o no/such/cat.png
mkdir folder.png
expect 1 "a folder in the way" "$M6" draw "red cat" -o folder.png
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked
    chmod a-w locked
    expect 1 "a folder that may not be written" "$M6" draw "red cat" -o locked/cat.png
fi

# Through a link, what it points to is replaced, and the link stays.
ln -s here.png link.png
expect 0 "through a link" "$M6" draw "red cat" -o link.png --overwrite
ok "the link is still a link" test -L link.png

umask 027
expect 0 "permissions" "$M6" draw "red cat" -o mode.png
ok "follow the umask" test "$(stat -c %a mode.png)" = 640
umask 022

checks=$((checks + 1))
"$M6" help >/dev/full 2>err
[ $? -eq 1 ] || bad "a full standard output is a failure"
checks=$((checks + 1))
"$M6" models list --json >/dev/full 2>err
[ $? -eq 1 ] || bad "a full standard output is a failure for JSON too"
expect 0 "to a pipe that closes early" sh -c '"$0" help | head -n 1' "$M6"

for device in /dev/null /dev/full; do
    expect 2 "a picture to $device" "$M6" draw "red cat" -o $device
    says err "device"
    expect 2 "a video to $device" "$M6" storyboard "red cat" -o $device
done
expect 0 "text to a device" "$M6" caption here.png -o /dev/null
expect 1 "text to a full device" "$M6" caption here.png -o /dev/full
says err "free some space"

printf 'EXT. RED - CAT\n\nA red cat.\n\nEXT. RED - CAT\n\nA red cat.\n' >cat.fountain
full() {
    expect 1 "$2 on a full disk" "$@"
    says err "tiny/x\..*free some space"
    checks=$((checks + 1))
    [ "$(ls -A tiny)" = fill ] || bad "$2 on a full disk leaves something behind: $(ls -A tiny)"
}
mkdir tiny
if mount -t tmpfs -o size=64k tmpfs tiny 2>/dev/null; then
    head -c 61440 /dev/zero >tiny/fill
    full "$M6" draw "red cat" --size 640x360 -o tiny/x.png
    full "$M6" storyboard --script cat.fountain --preset draft --best 1 -o tiny/x.mp4
    head -c 65536 /dev/zero >tiny/fill 2>/dev/null
    full "$M6" caption here.png -o tiny/x.json
    umount tiny
fi
if mount -t tmpfs -o ro tmpfs tiny 2>/dev/null; then
    expect 1 "a file system that may not be written" "$M6" draw "red cat" -o tiny/x.png
    says err "choose another"
    umount tiny
fi

# ^C: 130, and nothing is left. The signal comes at various moments of a longer job.
for delay in 0.15 0.5 1.2; do
    checks=$((checks + 1))
    name="interrupted after $delay s"
    timeout --preserve-status --foreground -s INT $delay "$M6" storyboard --script cat.fountain \
        --seconds-per-shot 20 --best 16 -o slow.mp4 >out 2>err
    code=$?
    [ $code -eq 130 ] || bad "$name: exit status $code"
    [ -e slow.mp4 ] || [ -e slow.srt ] && bad "$name: something was left"
    no_leftovers
done
# A machine under load may not have begun by then, and such an end is without a word.
checks=$((checks + 1))
for delay in 0.5 1 2 4; do
    timeout --preserve-status --foreground -s TERM $delay "$M6" storyboard --script cat.fountain --seconds-per-shot 60 \
        --best 64 -o slow.mp4 --json >out 2>err
    code=$?
    [ $code -eq 143 ] || bad "SIGTERM gives 143, not $code"
    [ -s out ] && break
done
name="terminated"
json out exit=143
no_leftovers
finish
