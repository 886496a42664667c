# m6d as people meet it: one host for many programs, started by whoever comes first, and ended.
. "$(dirname "$0")/host.sh"

expect 4 "no host" "$M6" status
says err "m6 serve"
expect 0 "nothing to stop" "$M6" stop
expect 4 "none" env M6_HOST=none "$M6" status
expect 2 "serve what" "$M6" serve --idle-unload soon

# Forbidden to start one.
checks=$((checks + 1))
M6_AUTOSTART=0 "$TOOLS/race" 1 >/dev/null 2>&1 && bad "M6_AUTOSTART=0 starts a host"

# Many at once: one host, three times over.
for i in 1 2 3; do
    ok "a race of starters" "$TOOLS/race" 16
    pid=$(cat out)
    expect 0 "status" "$M6" status --json
    json out "pid=$pid" "socket=$M6_HOST"
    expect 0 "stop" "$M6" stop
    checks=$((checks + 1))
    [ -e "$M6_HOST" ] && bad "the socket outlives its host"
done

# One host by hand; a second on its socket is refused.
serve
expect 0 "status" "$M6" status
says out "^host"
says out "process $server"
checks=$((checks + 1))
[ "$(stat -c %a "$M6_HOST")" = 600 ] || bad "the socket's mode is $(stat -c %a "$M6_HOST")"
"$M6" serve >second.log 2>&1 && bad "a second host on one socket"
says second.log "another process holds"

# Two editors at once share it, and give what the command gives alone.
M6_HOST=none "$M6" draw "red cat" --seed 1 -o alone.png -q || bad "draw"
"$EDITOR_SAMPLE" alone.png "red cat" a.otio >a.txt 2>a.err &
one=$!
"$EDITOR_SAMPLE" alone.png "red cat" b.otio >b.txt 2>b.err &
two=$!
wait $one || bad "the first editor: $(tail -n 1 a.err)"
wait $two || bad "the second editor: $(tail -n 1 b.err)"
name="two editors"
checks=$((checks + 3))
cmp -s a.ppm b.ppm || bad "two editors get two pictures for one seed"
cmp -s a.txt b.txt || bad "two editors get two captions"
M6_HOST=none "$M6" caption alone.png >c.txt 2>/dev/null
[ "$(sed 's/.*to *[0-9.]* *//' a.txt)" = "$(cat c.txt)" ] || bad "host and command see different things"
says a.err "cancelled"
json a.otio OTIO_SCHEMA=Timeline.1
json a.otio tracks.children.0.children.0.markers.0.OTIO_SCHEMA=Marker.2
expect 0 "status after" "$M6" status --json
json out "pid=$server" jobs.done=4

# What a client costs.
ok "cost" "$TOOLS/cost"
cat out

# SIGTERM drains: what runs is finished, and nobody is left hanging.
"$EDITOR_SAMPLE" alone.png "red cat" d.otio >d.txt 2>d.err &
one=$!
sleep 0.3
kill -TERM $server
wait $server
code=$?
checks=$((checks + 2))
[ $code -eq 0 ] || bad "the host ends with $code"
wait $one
[ -e "$M6_HOST" ] && bad "the socket outlives its host"

# A host that was killed leaves its socket; the next takes its place.
"$M6" serve --detach
for i in $(seq 100); do
    "$M6" status >/dev/null 2>&1 && break
    sleep 0.1
done
"$M6" status --json >out
kill -9 "$(grep -o '"pid":[^,]*' out | head -n 1 | tr -dc 0-9)"
expect 4 "a dead host" "$M6" status
ok "a host after a dead one" "$TOOLS/race" 4

# Idle: it unloads its model, loads it again when asked, and at last goes.
"$M6" stop -q
"$M6" serve --idle-unload 1 --idle-exit 3 --detach
for i in $(seq 100); do
    "$M6" status --json 2>/dev/null | grep -q '"idle"' && break
    sleep 0.1
done
checks=$((checks + 1))
[ "$i" -lt 100 ] || bad "an idle host keeps its model"
ok "a job wakes it" "$EDITOR_SAMPLE" alone.png "red cat" e.otio
for i in $(seq 100); do
    [ -e "$M6_HOST" ] || break
    sleep 0.1
done
checks=$((checks + 1))
[ -e "$M6_HOST" ] && bad "an idle host stays"

# Without XDG_RUNTIME_DIR, and with a folder that is not private.
unset M6_HOST
mkdir -m 755 "$work/run" && mkdir -m 755 "$work/run/m6"
expect 4 "a folder open to others" env XDG_RUNTIME_DIR="$work/run" "$M6" status
says err "0700"
chmod 700 "$work/run/m6"
expect 4 "a private folder" env XDG_RUNTIME_DIR="$work/run" "$M6" status
says err "$work/run/m6/host.sock"
export M6_HOST="$work/host.sock"

# A socket that somebody else opened for it, as systemd does.
if command -v systemd-socket-activate >/dev/null; then
    systemd-socket-activate -l "$work/host.sock" "$M6D" --lazy >activated.log 2>&1 &
    activated=$!
    for i in $(seq 50); do
        [ -e "$work/host.sock" ] && break
        sleep 0.1
    done
    ok "activation" "$TOOLS/race" 1
    expect 0 "stop" "$M6" stop
    wait $activated
    checks=$((checks + 1))
    [ -e "$work/host.sock" ] || bad "an activated host removed the socket that is not its own"
    rm -f "$work/host.sock"
fi
finish
