# Prometheus text from a host: where it may be asked for, what it says, and that no scraper can hold up the host.
. "$(dirname "$0")/host.sh"

# sample TEXT: its value in the last answer.
sample() {
    sed -n "s/^$1 //p" body
}
# is TEXT VALUE
is() {
    checks=$((checks + 1))
    [ "$(sample "$1")" = "$2" ] || bad "$name: $1 is '$(sample "$1")', not '$2'"
}
scrape() {
    checks=$((checks + 1))
    timeout 30 "$TOOLS/scrape" get "$place" ${1:+"$1"} >answer 2>err || bad "$name: no answer at $place"
    sed '1,/^.$/d' answer >body
}

# Loopback and private sockets alone.
for where in 0.0.0.0:9500 8.8.8.8:9500 '[::]:9500' example.org:9500 70000 unix:relative ':' 9500x; do
    expect 2 "--metrics $where" "$M6" serve --metrics "$where"
done
expect 2 "--metrics 0.0.0.0:9500" "$M6" serve --metrics 0.0.0.0:9500
says err "127.0.0.1"
echo precious >file
expect 4 "a file in the way" "$M6" serve --metrics "unix:$work/file"
ok "it is left alone" grep -q precious file

# A port of the system's choice.
serve --metrics 127.0.0.1:0
"$M6" status --json >out
place=$(sed -n 's/^  "metrics": "\(.*\)".*/\1/p' out)
name="a fresh host"
scrape
says answer "^HTTP/1.0 200 OK"
says answer "^Content-Type: text/plain; version=0.0.4; charset=utf-8"
ok "the format" "$TOOLS/scrape" check <body
is m6_clients 0
is 'm6_jobs{state="running"}' 0
"$M6" draw "red cat" --seed 1 -o cat.png -q || bad "draw"
"$M6" caption cat.png -q >out 2>err || bad "caption"
"$M6" caption nowhere.png -q >out 2>err && bad "caption of nothing"
name="after three jobs"
scrape
ok "the format" "$TOOLS/scrape" check <body
is 'm6_jobs_total{kind="draw",outcome="done"}' 1
is 'm6_jobs_total{kind="caption",outcome="done"}' 1
is 'm6_job_duration_seconds_count{kind="caption"}' 1
is 'm6_job_first_token_seconds_count{kind="draw"}' 1
is 'm6_model_loaded' 1
checks=$((checks + 1))
[ "$(sample m6_tokens_total)" -gt 0 ] && [ "$(sample m6_places_total)" -gt 0 ] || bad "nothing was decided"

# What is no scrape.
for each in 'GET / HTTP/1.0:404' 'POST /metrics HTTP/1.1:405' 'GET /metrics?x=1 HTTP/1.1:200' 'HEAD /metrics HTTP/1.0:200' 'hello:400' \
    'GET /metrics SPDY:400'; do
    name="${each%:*}"
    scrape "$(printf '%s\r\n\r\nx' "$name")"
    says answer "^HTTP/1.0 ${each##*:} "
done
name="a request without end"
scrape "$(head -c 5000 /dev/zero | tr '\0' a)"
says answer "^HTTP/1.0 431 "

# Sixty that hang: the host works, and who asks properly is answered.
"$TOOLS/scrape" hold "$place" 60 >held &
holder=$!
for i in $(seq 50); do
    grep -q held held && break
    sleep 0.1
done
name="beside sixty that hang"
ok "a caption beside them" timeout 60 "$M6" caption cat.png -q
scrape
ok "the format" "$TOOLS/scrape" check <body
kill $holder
wait $holder 2>/dev/null
name="after them"
sleep 0.2
before=$(ls /proc/$server/fd | wc -l)
for i in 1 2 3 4 5 6 7 8 9 10; do
    scrape
done
sleep 0.2
after=$(ls /proc/$server/fd | wc -l)
checks=$((checks + 1))
[ "$after" -le "$before" ] || bad "descriptors grow from $before to $after by scrapes"

# A second host beside it: a port that is taken is refused when asked for, and done without when only the environment names it.
port=${place##*:}
M6_HOST="$work/two.sock" "$M6" serve --lazy --metrics "$port" >two.log 2>&1 && bad "two hosts on one port"
name="a port that is taken"
says two.log "name another port"
M6_HOST="$work/two.sock" M6_METRICS="$port" "$M6" serve --lazy >two.log 2>&1 &
two=$!
M6_HOST="$work/two.sock" until_it_answers
says two.log "M6_METRICS"
M6_HOST="$work/two.sock" "$M6" stop -q
wait $two
expect 0 "stop" "$M6" stop
wait $server

# A socket, by way of the environment, as a host that starts by itself has it.
export M6_METRICS="unix:$work/metrics.sock"
place=$M6_METRICS
serve --idle-unload 1
name="at a socket"
scrape
ok "the format" "$TOOLS/scrape" check <body
checks=$((checks + 1))
[ "$(stat -c %a "$work/metrics.sock")" = 600 ] || bad "the socket's mode is $(stat -c %a "$work/metrics.sock")"
# What counts does not fall when the model goes.
"$M6" caption cat.png -q >/dev/null || bad "caption"
scrape
tokens=$(sample m6_tokens_total)
for i in $(seq 100); do
    scrape
    [ "$(sample m6_model_loaded)" = 0 ] && break
    sleep 0.1
done
name="unloaded"
is m6_model_loaded 0
is m6_tokens_total "$tokens"
ok "the format" "$TOOLS/scrape" check <body
expect 0 "stop" "$M6" stop
wait $server
checks=$((checks + 1))
[ -e "$work/metrics.sock" ] && bad "the socket of metrics outlives its host"
finish
