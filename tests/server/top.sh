# m6 top: once, as lines of JSON, and on a terminal, which it gives back as it was.
. "$(dirname "$0")/host.sh"
unset NO_COLOR

expect 4 "no host" "$M6" top
says err "m6 serve"
expect 2 "how often" "$M6" top --interval 0

serve
"$M6" draw "red cat" --seed 1 -o cat.png -q || bad "draw"
"$M6" caption cat.png -q >/dev/null || bad "caption"

# Once: plain text, no sequences.
expect 0 "once" "$M6" top --once
for text in "process $server" "^model " "^tokens " "^KV " "^queue " "^KIND " "^draw  *1 " "^caption  *1 " "^CLIENT " "^m6 top "; do
    says out "$text"
done
checks=$((checks + 1))
grep -q "$(printf '\033')" out && bad "sequences where there is no terminal"
expect 0 "no terminal" "$M6" top
says out "process $server"

# JSON: one object a line.
expect 0 "one object" "$M6" top --once --json
checks=$((checks + 1))
[ "$(wc -l <out)" -eq 1 ] || bad "--json --once gives $(wc -l <out) lines"
json out "pid=$server" jobs.done=2 kinds.0.kind=draw kinds.0.whole_ms.count=1 kinds.1.first_ms.p95 engine.cache_bytes clients.0.waiting=0 time
ok "three objects" sh -c '"$M6" top --json --interval 0.1 | head -n 3 >lines'
checks=$((checks + 1))
[ "$(wc -l <lines)" -eq 3 ] || bad "$(wc -l <lines) lines, not 3"
sed -n 3p lines >third
json third "pid=$server"
timeout -s INT 3 "$M6" top --json --interval 0.2 >lines 2>err
[ $? -eq 124 ] && [ "$(wc -l <lines)" -ge 2 ] || bad "^C ends it"

if ! command -v script >/dev/null; then
    finish
fi
# on_terminal COMMAND: as a person at a terminal of 90 x 20 sees it, typing what stdin has; everything that was written, in ./typescript.
on_terminal() {
    export TERM=xterm M6
    checks=$((checks + 1))
    rm -f code after
    SHELL=/bin/sh timeout 60 script -qec "trap : INT; stty rows 20 cols 90; stty -a >before; $1; echo code \$? >code; stty -a >after" typescript >/dev/null 2>&1
    export TERM=dumb
    cmp -s before after || bad "$name: the terminal's settings are not as they were"
    tail -c 200 typescript | grep -aq "$(printf '\033\\[?25h\033\\[?1049l')" || bad "$name: the screen is not given back"
}
ends_with() {
    checks=$((checks + 1))
    grep -q "^code $1\$" code || bad "$name: $(cat code), not $1"
}

name="q"
{
    sleep 2
    printf q
    sleep 1
} | on_terminal '"$M6" top --interval 0.2'
ends_with 0
says typescript "process $server"
says typescript "$(printf '\033\\[?1049h')"
checks=$((checks + 1))
# At most 20 rows a frame, so at most 19 line ends between two returns to the top.
tr -d '\r' <typescript | sed "s/$(printf '\033')\\[H/@/g" | awk 'BEGIN { RS = "@" } NR > 1 && NR < 4 { n = gsub(/\n/, "\n"); if (n > 19) exit 1 }' ||
    bad "a frame is higher than the window"

for signal in TERM HUP; do
    name="SIG$signal"
    code=$([ $signal = TERM ] && echo 143 || echo 129)
    sleep 3 | on_terminal '"$M6" top --interval 0.2 & one=$!; sleep 1; stty rows 8 cols 40; sleep 1; kill -'$signal' $one; wait $one; echo code $? >ended; stty rows 20 cols 90; cat ended; true'
    cp ended code
    ends_with $code
done
name="a small window"
checks=$((checks + 1))
# The last frame was drawn in 8 rows of 40 columns.
tr -d '\r' <typescript | sed "s/$(printf '\033')\\[H/@/g; s/$(printf '\033')\\[[0-9?;]*[a-zA-Z]//g" |
    awk 'BEGIN { RS = "@" } { last = $0 } END { n = split(last, line, "\n"); for (i = 1; i <= 8; i++) if (length(line[i]) > 130) exit 1 }' ||
    bad "lines are longer than the window"

# ^C as the terminal sends it.
name="^C"
{
    sleep 2
    printf '\003'
    sleep 1
} | on_terminal '"$M6" top --interval 0.2'
ends_with 0

# The host goes and another comes: it waits, and goes on.
name="a host that goes"
{
    sleep 4
    printf q
    sleep 1
} | on_terminal '"$M6" top --interval 0.2 </dev/tty & one=$!; sleep 1; "$M6" stop --now -q; sleep 1; "$M6" serve --lazy --detach; wait $one' &
watcher=$!
wait $watcher
says typescript "the host has gone"
finish
