# Bad plugins under the real host and command: others go on, the reason is told, and no process outlives its host.
. "$(dirname "$0")/../integration/lib.sh"
export M6_HOST="$work/host.sock" XDG_STATE_HOME="$work/state"
trap '"$M6" stop --now -q >/dev/null 2>&1; cd / && rm -rf "$work"' EXIT
mkdir others
cp "$BAD/bad.so" "$BAD/refuses.so" others/
export M6_PLUGIN_PATH="$BUILD/lib/m6/plugins:$work/others" M6_PLUGIN_SILENCE=4

# workers PID: those that this process started and that live.
workers() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '$2 == "(m6-plugin)" && $3 != "Z" && $4 == parent {print $1}'
}

expect 0 "draw" "$M6" draw "red cat" --seed 3 -o cat.png
"$M6" run bad-loop >loop.out 2>loop.err &
loop=$!
expect 0 "caption beside a loop" "$M6" caption cat.png
expect 1 "a crash beside a loop" "$M6" run bad-segv
says err 'the plugin "bad" crashed (signal 11, SIGSEGV)'
wait $loop
code=$?
checks=$((checks + 1))
[ $code -eq 1 ] || bad "a loop: exit status $code"
says loop.err "did nothing for 4 seconds"
expect 1 "an exit" "$M6" run bad-exit
expect 0 "status" "$M6" status
says out "plugin   bad lost 3 jobs; the last: the plugin \"bad\" ended its process"
says out "plugin   refuses cannot be used: it failed to start: no licence today"
expect 0 "caption after all" "$M6" caption cat.png
expect 0 "the same plugin" "$M6" run bad-good
says out "^good$"
says "$XDG_STATE_HOME/m6/m6d.log" "plugin bad: reading what is not mine"
"$M6" status --json >out
host=$(grep -o '"pid":[^,]*' out | head -n 1 | tr -dc 0-9)
checks=$((checks + 1))
[ -z "$(workers "$host")" ] || bad "workers are left"

# The host is killed: its workers go with it.
"$M6" stop -q
export M6_PLUGIN_SILENCE=0
"$M6" run bad-loop >loop.out 2>loop.err &
loop=$!
for i in $(seq 100); do
    "$M6" status --json >out 2>/dev/null && host=$(grep -o '"pid":[^,]*' out | head -n 1 | tr -dc 0-9) && worker=$(workers "$host") && [ -n "$worker" ] && break
    sleep 0.1
done
name="a killed host"
checks=$((checks + 2))
[ -n "${worker:-}" ] || bad "no worker was seen"
kill -9 "$host"
for i in $(seq 50); do
    [ -e "/proc/${worker:-x}" ] || break
    sleep 0.1
done
[ -e "/proc/${worker:-x}" ] && bad "a worker outlives its host"
wait $loop

# ^C in a command that does its work itself. timeout(1) sends its signal to the child and to the group: it may come twice.
M6_HOST=none timeout -s INT 2 "$M6" run bad-deaf >out 2>err
code=$?
checks=$((checks + 1))
[ $code -eq 124 ] || [ $code -eq 130 ] || bad "interrupted: exit status $code"
says err "interrupted"

# A second one does not wait.
M6_HOST=none "$M6" run bad-deaf >out 2>err &
deaf=$!
sleep 2
kill -TERM $deaf
sleep 0.5
kill -TERM $deaf
wait $deaf
code=$?
checks=$((checks + 1))
[ $code -eq 143 ] || bad "interrupted twice: exit status $code"
says err "interrupted"
finish
