# kill -9 of the host under load at random moments: the next host finishes everything, nothing twice, nothing by halves.
#   killed_jobs.sh [KILLS [SEED]]
kills=${1:-10}
seed=${2:-$(date +%s)}
. "$(dirname "$0")/queue.sh"
echo "$kills kills, seed $seed"
# A number below $1: the same in any shell, for the same seed.
random() {
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    number=$((seed / 65536 % $1))
}

M6_HOST=none "$M6" draw "red cat" --verbatim --seed 1 -o alone.png -q || bad "draw"
M6_HOST=none "$M6" draw "red cat" --verbatim --seed 1 -n 3 -o three.png -q || bad "draw"
M6_HOST=none "$M6" caption alone.png >alone.txt 2>/dev/null || bad "caption"
M6_HOST=none "$M6" caption alone.png -o alone.json -q 2>/dev/null || bad "caption"
mkdir out.d
cp alone.png in.png
jobs=0
queue() {
    "$M6" "$@" --detach >>numbers 2>>errors || bad "queue: $(tail -n 1 errors)"
    jobs=$((jobs + 1))
}

for i in $(seq "$kills"); do
    # Work of every kind: one file, several, text, a file that is replaced.
    queue draw "red cat" --verbatim --seed 1 -o "out.d/one$i.png"
    queue draw "red cat" --verbatim --seed 1 -n 3 -o "out.d/three$i.png"
    queue caption in.png
    queue caption in.png -o out.d/replaced.json --overwrite
    if [ "$i" = 1 ]; then
        "$M6" jobs wait 2 >waited 2>waited.err & # through all of it
        waiter=$!
    fi
    pid=
    for tries in $(seq 200); do
        pid=$(host_pid)
        [ -n "$pid" ] && break
        "$TOOLS/race" 1 >/dev/null 2>&1
    done
    random 1500
    sleep "$(printf '%d.%03d' $((number / 1000)) $((number % 1000)))"
    kill -9 "$pid" 2>/dev/null || bad "round $i: there was no host to kill"
done

expect 0 "wait for all" "$M6" jobs wait --all --timeout 500
checks=$((checks + 1))
wait "$waiter" || bad "who waited got $?: $(cat waited.err)"
expect 0 "list" "$M6" jobs list --json
cp out list.json
done_=$(grep -c '"state": "done"' list.json)
checks=$((checks + 2))
[ "$done_" = "$jobs" ] || bad "$done_ of $jobs jobs are done"
[ "$(sort -n numbers | uniq | wc -l)" = "$jobs" ] || bad "a number was given twice"
for i in $(seq "$kills"); do
    checks=$((checks + 4))
    cmp -s alone.png "out.d/one$i.png" || bad "one$i.png is not what it should be"
    for k in 1 2 3; do
        cmp -s "three-00$k.png" "out.d/three$i-00$k.png" || bad "three$i-00$k.png is not what it should be"
    done
done
ok "the file that is replaced" cmp alone.json out.d/replaced.json
for id in $(sed -n 3~4p numbers); do
    checks=$((checks + 1))
    "$M6" jobs wait "$id" >text 2>/dev/null
    cmp -s alone.txt text || bad "job $id printed something else"
done
expect 0 "stop" "$M6" stop
checks=$((checks + 2))
[ "$(ls -A out.d | wc -l)" = $((4 * kills + 1)) ] || bad "$(ls -A out.d | wc -l) files, not $((4 * kills + 1))"
left=$(find "$XDG_STATE_HOME" -name 'work-*' -o -name 'spool-*' | wc -l)
[ "$left" = 0 ] || bad "$left working files are left"
again=$(grep -o '"attempts": *[0-9]*' list.json | awk '$2 > 1' | wc -l)
echo "$jobs jobs, $again of them begun more than once"
no_leftovers
finish
