# Queued jobs as people meet them: --detach, and m6 jobs.
. "$(dirname "$0")/queue.sh"

# Queued, acknowledged, done: as if it had not been queued.
M6_HOST=none "$M6" draw "red cat" --verbatim --seed 5 -o alone.png -q || bad "draw"
expect 0 "queue" "$M6" draw "red cat" --verbatim --seed 5 -o dog.png --detach
checks=$((checks + 1))
[ "$(cat out)" = 1 ] || bad "the number is not all that is printed"
expect 0 "wait" "$M6" jobs wait 1
says out "^$work/dog.png: seed 5"
ok "the same picture" cmp alone.png dog.png
expect 0 "show" "$M6" jobs show 1 --json
json out job=1 state=done exit=0 command=draw attempts=1 outputs.0.path="$work/dog.png" \
    outputs.0.sha256="$(sha256sum dog.png | cut -c 1-64)"
expect 0 "show" "$M6" jobs show 1
says out "1, done"
says out "red cat"
expect 0 "status" "$M6" status --json
json out queue.running=0 queue.waiting=0

# From another folder, with its own way of naming things; a picture made of a picture.
mkdir -p deep/er
cp dog.png deep/in.png
(cd deep/er && "$M6" --detach draw "red cat" --verbatim -s 6 --image ../in.png --keep 0,0,64,64 -o ../out.png --json >../../out 2>../../err) ||
    bad "queue from elsewhere"
name="queue with --json"
json out job=2 state=queued seed=6 outputs.0="$work/deep/out.png"
expect 0 "wait" "$M6" jobs wait 2 --json
json out 0.state=done 0.inputs.0.path="$work/deep/in.png" 0.inputs.0.sha256
[ -s deep/out.png ] || bad "no picture"

# What it warned of is told to whoever waits.
expect 0 "an unknown word" "$M6" draw "red cat zorp" --verbatim --seed 5 -o zorp.png --detach
expect 0 "its warning" "$M6" jobs wait 3
says err "warning: job 3: .*zorp"

# What is printed is kept; what comes through a pipe too.
M6_HOST=none "$M6" caption dog.png >alone.txt 2>/dev/null
expect 0 "a caption" "$M6" caption dog.png --detach
expect 0 "its text" "$M6" jobs wait 4
cp out kept.txt
ok "the same text" cmp alone.txt kept.txt
cp dog.png piped.png
cat piped.png | "$M6" caption /dev/stdin --detach >out 2>err || bad "from a pipe"
rm piped.png
expect 0 "its text" "$M6" jobs wait 5
cp out piped.txt
ok "the same text" cmp alone.txt piped.txt
expect 0 "a caption file" "$M6" caption dog.png -o dog.json --detach
expect 0 "wait for all" "$M6" jobs wait --all
expect 0 "wait for 6" "$M6" jobs wait 6 --json
json out 0.state=done
json dog.json 0.start_ns=0
spools=$(find "$XDG_STATE_HOME" -name 'spool-*' | wc -l)
checks=$((checks + 1))
[ "$spools" = 0 ] || bad "$spools spooled files are left"

# Many files that belong together, a preset, a script from a pipe, another model than the host's: the packaged one.
if [ -z "${SANITIZED:-}" ] && "$M6" models info m6-mini >/dev/null 2>&1; then
    printf 'Title: A dog\n\nEXT. BEACH - DUSK\n\nA red dog runs.\n\nEXT. CITY - NIGHT\n\nA yellow bus stands.\n' >dog.fountain
    board="--model m6-mini --preset draft --seed 3 --size 160x90 --seconds-per-shot 0.5"
    M6_HOST=none "$M6" storyboard --script dog.fountain $board -o board.mp4 -q || bad "storyboard"
    cat dog.fountain | "$M6" storyboard --script /dev/stdin $board -o deep/board.mp4 --detach >out 2>err || bad "queue a storyboard"
    expect 0 "wait" "$M6" jobs wait "$(cat out)"
    says out "^$work/deep/board.mp4"
    for each in mp4 srt fountain; do
        ok "the same $each" cmp board.$each deep/board.$each
    done
    ok "the same picture" cmp board-002.png deep/board-002.png
    # A script of the user's own beside the video stays his.
    cp dog.fountain deep/er/own.fountain
    expect 0 "queue" "$M6" storyboard --script deep/er/own.fountain $board -o deep/er/own.mp4 --detach
    expect 0 "wait" "$M6" jobs wait "$(cat out)"
    ok "the script" cmp dog.fountain deep/er/own.fountain
    ok "the video" cmp board.mp4 deep/er/own.mp4
fi

# Refused before it is queued, as without --detach.
expect 1 "an output that is there" "$M6" draw "red cat" --verbatim -o dog.png --detach
says err "exists already"
expect 2 "a bad option" "$M6" draw "red cat" --best two --detach
expect 2 "another ending" "$M6" draw "red cat" -o dog.gif --detach
expect 3 "no prompt" "$M6" draw "" --detach
expect 3 "no input" "$M6" caption nowhere.mp4 --detach
says err "nowhere.mp4"
expect 3 "a folder" "$M6" caption deep --detach
expect 1 "no such folder" "$M6" draw "red cat" --verbatim -o nowhere/x.png --detach
expect 2 "to a device" "$M6" caption dog.png -o /dev/stdout --detach
expect 4 "no such model" "$M6" draw "red cat" --model nowhere --detach
expect 2 "not a command to queue" "$M6" models list --detach
expect 2 "a training" "$M6" train recipe.json --detach
says err "checkpoints of its own"
expect 2 "an evaluation" "$M6" --detach eval -n 1
says err "a model of its own"
expect 2 "a benchmark" "$M6" bench --detach --json
says err "in its figures"
expect 2 "no host" env M6_HOST=none "$M6" draw "red cat" --verbatim --detach
says err "M6_HOST"
expect 2 "nothing to do with jobs" "$M6" jobs burn
expect 2 "no number" "$M6" jobs show dog
expect 2 "which" "$M6" jobs cancel
expect 3 "no such job" "$M6" jobs wait 99
expect 3 "it has ended" "$M6" jobs cancel 1
says err "done"
expect 3 "it was done" "$M6" jobs retry 1
expect 2 "where to" "$M6" jobs reorder 1

# An input that changes while its job waits.
hold
cp dog.png changing.png
expect 0 "queue" "$M6" caption changing.png --detach
late=$(cat out)
expect 0 "queue" "$M6" draw "red cat" --verbatim -s 7 -o seven.png --detach
seven=$(cat out)
expect 1 "two jobs, one file" "$M6" draw "red cat" --verbatim -s 7 -o seven.png --detach
says err "job $seven"
cp alone.png changing.png && echo >>changing.png

# While the first runs, the others' order, and what becomes of them.
expect 0 "queue" "$M6" draw "red cat" --verbatim -s 8 -o eight.png --detach
eight=$(cat out)
expect 0 "queue" "$M6" draw "red cat" --verbatim -s 9 -o nine.png --detach
nine=$(cat out)
expect 0 "first" "$M6" jobs reorder "$nine" --first
expect 0 "before" "$M6" jobs reorder "$eight" --before "$seven"
expect 0 "list" "$M6" jobs list
checks=$((checks + 1))
order=$(grep -E 'queued|paused' out | awk '{print $1}' | tr '\n' ' ')
[ "$order" = "$nine $late $eight $seven " ] || bad "the order is $order"
expect 0 "pause" "$M6" jobs pause "$seven" "$eight"
expect 0 "cancel" "$M6" jobs cancel "$eight"
says out "job $eight cancelled"
expect 0 "list" "$M6" jobs --json list
json out 0.job=1
expect 1 "not in time" "$M6" jobs wait --all --timeout 0.2
says err "in time"
expect 0 "cancel what runs" "$M6" jobs cancel "$held"
says out "job $held cancelled"
expect 130 "wait for a cancelled one" "$M6" jobs wait "$held"
expect 3 "wait for all" "$M6" jobs wait "$late"
says err "has changed since"
expect 0 "wait" "$M6" jobs wait "$nine"
expect 0 "show" "$M6" jobs show "$seven" --json
json out state=paused attempts=0
expect 0 "resume" "$M6" jobs resume "$seven"
expect 0 "wait" "$M6" jobs wait "$seven"
expect 0 "retry" "$M6" jobs retry "$eight" "$late"
expect 3 "wait, one of them fails" "$M6" jobs wait "$eight" "$late"
[ -s eight.png ] && [ -s nine.png ] || bad "pictures are missing"

# What runs is paused, and begins again.
hold
expect 0 "pause what runs" "$M6" jobs pause "$held"
says out "job $held paused"
expect 0 "show" "$M6" jobs show "$held" --json
json out state=paused attempts=1
expect 0 "resume" "$M6" jobs resume --all
until_running "$held" 2

# Stopping the host is no end of it; without one it waits, and says so.
expect 0 "stop" "$M6" stop
expect 0 "show" "$M6" jobs show "$held" --json
json out state=queued
expect 0 "queue without a host" env M6_AUTOSTART=0 "$M6" write "red cat" --detach
says err "waits"
expect 4 "wait without a host" env M6_AUTOSTART=0 "$M6" jobs wait "$held"
expect 0 "cancel without a host" env M6_AUTOSTART=0 "$M6" jobs cancel --all
expect 0 "list" "$M6" jobs list
checks=$((checks + 1))
awk '{print $2}' out | grep -qE 'queued|running' && bad "something was not cancelled"

# A job that is the host's death: three times, and no more.
if [ -z "${SANITIZED:-}" ]; then
    hold
    for i in 1 2 3; do
        until_running "$held" $i
        kill -SEGV "$(host_pid)"
        for k in $(seq 100); do
            "$M6" status >/dev/null 2>&1 || break
            sleep 0.05
        done
        "$TOOLS/race" 1 >/dev/null
    done
    expect 1 "a deadly job" "$M6" jobs wait "$held" --timeout 60
    says err "the host died of it"

    # A worker that is killed, but not by us.
    killed=$(sed -n "s/.*job $held begins: .*process //p" "$XDG_STATE_HOME/m6/m6d.log" | tail -n 1)
    expect 0 "retry" "$M6" jobs retry "$held"
    for i in 4 5 6; do
        until_running "$held" $i
        for k in $(seq 100); do
            worker=$(sed -n "s/.*job $held begins: .*process //p" "$XDG_STATE_HOME/m6/m6d.log" | tail -n 1)
            [ -n "$worker" ] && [ "$worker" != "$killed" ] && break
            sleep 0.05
        done
        killed=$worker
        kill -9 "$worker"
    done
    expect 1 "a worker that dies" "$M6" jobs wait "$held" --timeout 60
    says err "signal 9"
fi

# A queue of a newer program is left alone; a damaged one is set aside, and named.
"$M6" stop -q
db=$(find "$XDG_STATE_HOME" -name jobs.db)
checks=$((checks + 2))
[ "$(stat -c %a "$db")" = 600 ] || bad "the database's mode is $(stat -c %a "$db")"
[ "$(stat -c %a "$(dirname "$db")")" = 700 ] || bad "its folder's mode is $(stat -c %a "$(dirname "$db")")"
head -c 20000 /dev/zero | tr '\0' x >"$db"
rm -f "$db-wal" "$db-shm"
expect 0 "a damaged queue" "$M6" jobs list
says err "jobs.db.damaged-"
expect 0 "queue anew" "$M6" draw "red cat" --verbatim -s 5 -o anew.png --detach
expect 0 "wait" "$M6" jobs wait --all
expect 0 "wait" "$M6" jobs wait 1
ok "the same picture" cmp alone.png anew.png
no_leftovers
finish
