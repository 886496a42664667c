# What the tests of queued jobs share: a small random model, a host of their own, and a job that takes its time.
. "$(dirname "$0")/host.sh"
export M6_MODEL="$work/random"
"$TOOLS/make_model" "$M6_MODEL" || exit 1

# until_running JOB [N]: begun for the Nth time (default: the first)
until_running() {
    checks=$((checks + 1))
    for tries in $(seq 400); do
        "$M6" jobs show "$1" --json >shown 2>/dev/null
        grep -q '"state": "running"' shown && grep -q "\"attempts\": ${2:-1}," shown && return 0
        sleep 0.05
    done
    bad "job $1 does not run"
}

# Jobs one at a time, and the first of them a long one: $held.
holds=0
hold() {
    holds=$((holds + 1))
    "$M6" stop -q >/dev/null 2>&1
    "$M6" serve --workers 1 --detach
    until_it_answers
    held=$("$M6" draw "red cat" --verbatim -n 900 --best 8 -o "held$holds.png" --detach) || bad "hold"
    until_running "$held"
}
