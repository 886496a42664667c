# The model's files replaced while a host has them loaded: by rename, in place, by cutting them off, by taking them away. The host
# lives, every answer is of one model, and soon of the new one.
. "$(dirname "$0")/host.sh"

"$TOOLS/make_model" "$work/one" 1 && "$TOOLS/make_model" "$work/two" 2 || exit 1
cp -r one loaded
export M6_MODEL="$work/loaded"
picture() {
    "$M6" draw "red cat" --seed 1 --verbatim -q -y -o "$1" 2>err
}
for each in one two; do
    M6_HOST=none M6_MODEL="$work/$each" picture $each.png || bad "draw by $each"
done
checks=$((checks + 1))
cmp -s one.png two.png && bad "the two models draw the same"

serve
until_it is_loaded

# becomes MODEL: each picture on the way is one model's or the other's, and within 20 seconds the new one's.
becomes() {
    checks=$((checks + 1))
    for i in $(seq 100); do
        picture now.png || bad "$name: a drawing fails"
        if cmp -s now.png "$1.png"; then
            return
        fi
        cmp -s now.png one.png || cmp -s now.png two.png || bad "$name: a picture of neither model"
        sleep 0.2
    done
    bad "$name: the host goes on with the old model"
}
# says_status TEXT: within ten seconds.
says_status() {
    checks=$((checks + 1))
    for i in $(seq 50); do
        "$M6" status >out 2>err
        grep -q "$1" out && return
        sleep 0.2
    done
    bad "$name: '$1' is not in the status"
}

name="untouched"
becomes one
name="renamed"
cp two/model.safetensors loaded/next
mv loaded/next loaded/model.safetensors
becomes two
"$M6" status --json >out
json out "pid=$server" model.changed=false model.reloads=1

name="written over in place"
cat one/model.safetensors >loaded/model.safetensors
becomes one

name="cut off"
: >loaded/model.safetensors
says_status "cannot be loaded"
picture now.png || bad "a drawing fails"
ok "it goes on as it was" cmp now.png one.png
"$M6" draw "red cat" --seed 1 --verbatim -y -o now.png >out 2>err || bad "a drawing fails"
says err "cannot be loaded"
name="cut short"
head -c 100000 two/model.safetensors >loaded/model.safetensors
sleep 2.5
says_status "cannot be loaded"
becomes one
name="mended"
cat two/model.safetensors >loaded/model.safetensors
becomes two
"$M6" status >out
checks=$((checks + 1))
grep -q "cannot be loaded" out && bad "the status still complains"

name="taken away"
mv loaded/model.safetensors kept
says_status "gone"
becomes two
name="put back"
mv kept loaded/model.safetensors
sleep 2
becomes two
"$M6" status --json >out
json out "pid=$server" model.changed=false jobs.failed=0

name="the whole folder, by a link"
"$M6" stop -q
wait $server
mv loaded first
ln -s first loaded
"$M6" serve >>serve.log 2>&1 &
server=$!
becomes two
ln -sfn one loaded
becomes one
"$M6" stop -q
checks=$((checks + 1))
wait $server || bad "the host ends badly"

# While it is being read: a file that changes all the time is refused, or loaded whole; nothing dies of it.
name="while it loads"
mkdir restless
cp one/config.json one/tokenizer.json restless
while :; do
    cat one/model.safetensors >restless/model.safetensors
    : >restless/model.safetensors
done &
writer=$!
worst=0
for i in $(seq 40); do
    M6_HOST=none "$M6" models info "$work/restless" >out 2>err
    code=$?
    [ $code -gt $worst ] && worst=$code
done
kill $writer
wait $writer 2>/dev/null
checks=$((checks + 1))
[ $worst -le 4 ] || bad "loading ends with $worst"
finish
