# What the tests of the resident host share: a host of the test's own, which ends with it, and waiting for it.
M6_TEST_HOST=own
. "$(dirname "$0")/../integration/lib.sh"
unset M6_AUTOSTART M6_METRICS

# Under sanitizers the model in the package would take up nearly all of the time; what is tested here is the host, with any model.
if [ -n "${SANITIZED:-}" ] && [ "$trained" = yes ]; then
    "$TOOLS/make_model" "$work/model" || exit 1
    export M6_MODEL="$work/model"
    trained=no
fi

# until_it COMMAND…: tries for ten seconds.
until_it() {
    for tries in $(seq 200); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    bad "never came about: $*"
    return 1
}
until_it_answers() {
    until_it "$M6" status
}
is_loaded() {
    "$M6" status --json 2>/dev/null | grep -q '"loaded": true'
}
host_pid() {
    "$M6" status --json 2>/dev/null | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | head -n 1
}

# serve [OPTION…]: in the background; $server is its process, and it answers.
serve() {
    "$M6" serve "$@" >serve.log 2>&1 &
    server=$!
    until_it_answers
}
