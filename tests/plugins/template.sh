# The sample plugin as its author would have it: built against an installed M6, found in the user's folder, run by a real host in
# a process of its own and, for debugging, inside the command. All say the same.
. "$(dirname "$0")/../integration/lib.sh"
export M6_HOST="$work/host.sock" XDG_STATE_HOME="$work/state" XDG_DATA_HOME="$work/data"
trap '"$M6" stop --now -q >/dev/null 2>&1; cd / && rm -rf "$work"' EXIT
checks=$((checks + 1))
[ "$(wc -l <"$SOURCE/samples/plugin/night.c")" -le 120 ] || bad "the template has more than 120 lines"
ok "install" cmake --install "$BUILD" --prefix "$work/pre fix"
M6="$work/pre fix/bin/m6"
cp -r "$SOURCE/samples/plugin" .
ok "find_package" cmake -S plugin -B plugin/build -DCMAKE_PREFIX_PATH="$work/pre fix" -DCMAKE_C_FLAGS="-Wall -Wextra -Werror -Wno-unused-parameter"
ok "build" cmake --build plugin/build
ok "by hand" ${CC:-cc} -std=c11 -pedantic -Wall -Wextra -Werror -Wno-unused-parameter -shared -fPIC -fvisibility=hidden -I "$work/pre fix/include" plugin/night.c -o by-hand.so
if command -v readelf >/dev/null; then
    checks=$((checks + 1))
    readelf -d plugin/build/night.so | grep -q 'NEEDED.*m6' && bad "it links something of M6"
fi
mkdir -p data/m6/plugins
cp plugin/build/night.so data/m6/plugins/
M6_HOST=none expect 0 "draw" "$M6" draw "red cat" --seed 3 -o cat.png

expect 0 "doctor" "$M6" doctor
says out "night 1.0: Whether it is night (in processes of its own)"
expect 0 "in a host" "$M6" run is-it-night cat.png
cp out in-a-host
expect 0 "status" "$M6" status --json
json out jobs.done=1 jobs.failed=0
M6_HOST=none expect 0 "in the command" "$M6" run is-it-night cat.png
checks=$((checks + 1))
cmp -s out in-a-host || bad "a worker of a command says something else"
M6_HOST=none M6_PLUGINS_IN_PROCESS=1 expect 0 "in process" "$M6" run is-it-night cat.png --json
json out kind=is-it-night
M6_HOST=none M6_PLUGINS_IN_PROCESS=1 expect 0 "in process" "$M6" run is-it-night cat.png
checks=$((checks + 2))
cmp -s out in-a-host || bad "in process it says something else"
[ -s in-a-host ] || bad "it says nothing"

# The three that came with it, as if they were somebody else's: the same bytes.
mkdir others
cp "$work/pre fix/lib/m6/plugins/"*.so others/
M6_HOST=none M6_PLUGIN_PATH=others expect 0 "draw in a worker" "$M6" draw "red cat" --seed 3 -o worker.png
checks=$((checks + 1))
cmp -s cat.png worker.png || bad "a worker draws another picture"
M6_HOST=none M6_PLUGIN_PATH=others expect 0 "caption in a worker" "$M6" caption cat.png
cp out worker.txt
M6_HOST=none expect 0 "caption" "$M6" caption cat.png
checks=$((checks + 1))
cmp -s out worker.txt || bad "a worker says another caption"
M6_HOST=none M6_PLUGIN_PATH=others "$M6" write "a red cat" --seed 5 >worker.txt 2>worker.err
a=$?
M6_HOST=none "$M6" write "a red cat" --seed 5 >out 2>err
checks=$((checks + 2))
[ $a -eq $? ] || bad "a worker's script ends otherwise"
cmp -s out worker.txt || bad "a worker writes another script"

# Queued: as if it had not been, from whatever folder.
"$M6" run is-it-night cat.png -p every=0.5 >plain 2>err
expect 0 "queued" "$M6" run is-it-night cat.png -p every=0.5 --detach
expect 0 "its text" "$M6" jobs wait "$(cat out)"
cp out queued
ok "the same text" cmp plain queued
expect 0 "a picture by run" "$M6" run draw -p prompt="red cat" -p verbatim=true -s 3 -q -o drawn.png
mkdir -p elsewhere
expect 0 "queued" sh -c 'cd elsewhere && "$M6" run draw -p prompt="red cat" -p verbatim=true -s 3 --detach'
expect 0 "its picture" "$M6" jobs wait "$(cat out)"
ok "the same picture" cmp drawn.png elsewhere/draw.png
expect 0 "a file is in its place" sh -c 'cd elsewhere && "$M6" run draw -p prompt="red cat" -p verbatim=true -s 3 --detach'
expect 1 "it stays" "$M6" jobs wait "$(cat out)"
says err "exists already"
expect 2 "a kind that is not there, queued" sh -c '"$M6" run is-it-day cat.png --detach >id && "$M6" jobs wait "$(cat id)"'

# What the schema does not allow, and inputs that are missing.
expect 2 "a parameter that is none" "$M6" run is-it-night cat.png -p evry=1
says err 'did you mean "every"'
expect 2 "a value that is too small" "$M6" run is-it-night cat.png -p every=0
expect 2 "no parameter at all" "$M6" run is-it-night cat.png -p every
expect 3 "no input" "$M6" run is-it-night
says err "give it one"
expect 3 "an input that is not there" "$M6" run is-it-night dog.png
expect 2 "a kind that is not there" "$M6" run is-it-day cat.png

# One that was built for another M6, and one that is no plugin.
echo "nonsense" >data/m6/plugins/junk.so
${CC:-cc} -shared -fPIC -DM6_TEST -I "$work/pre fix/include" -x c - -o data/m6/plugins/newer.so <<'END'
#include <m6/plugin.h>
M6_PLUGIN_EXPORT const struct m6_plugin m6_plugin = {.abi = M6_PLUGIN_ABI + 1, .size = sizeof m6_plugin, .name = "newer"};
END
ok "doctor" "$M6" doctor
sed 's/^ *//' out | tr '\n' ' ' >flat
says flat "newer.so is not usable: it was built for plugin ABI 2 and this host has 1; update M6"
says flat "junk.so is not usable: it cannot be loaded"
"$M6" stop -q
expect 0 "in a new host" "$M6" run is-it-night cat.png
expect 0 "status" "$M6" status
says out "plugin   newer cannot be used: it was built for plugin ABI 2"
finish
