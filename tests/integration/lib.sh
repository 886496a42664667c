# What the integration tests share. Each test is a shell script that sources this, runs the real m6, and ends with `finish`.
# From CTest: M6 (the program), TOOLS (make_model, json_check), STORYWORLD. A folder of its own is the working directory.
set -u
unset CDPATH
export LC_ALL=C.UTF-8 TERM=dumb
failures=0
checks=0
work=$(mktemp -d "${TMPDIR:-/tmp}/m6-test-XXXXXX")
trap 'cd / && rm -rf "$work"' EXIT
cd "$work" || exit 1

# Commands do their work themselves, or (M6_TEST_HOST=own) in a host that the first of them starts for this test.
export M6_HOST=none
if [ "${M6_TEST_HOST:-}" = own ]; then
    export M6_HOST="$work/host.sock" XDG_STATE_HOME="$work/state"
    trap '"$M6" stop --now -q >/dev/null 2>&1; cd / && rm -rf "$work"' EXIT
fi

# The model in the package if it is there, else one of random weights; it knows "red", "cat" and "猫" at least.
if [ -z "${M6_MODEL:-}" ] && ! "$M6" models list --json 2>/dev/null | "$TOOLS/json_check" 0 2>/dev/null; then
    "$TOOLS/make_model" "$work/model" || exit 1
    export M6_MODEL="$work/model"
fi
case ${M6_MODEL:-} in
"$work"/*) trained=no ;;
*) trained=yes ;;
esac

bad() {
    failures=$((failures + 1))
    printf 'not ok: %s\n' "$1"
    sed 's/^/    out: /' out 2>/dev/null | head -n 5
    sed 's/^/    err: /' err 2>/dev/null | head -n 5
}

# expect CODE NAME COMMAND…: runs it, stdout in ./out and stderr in ./err, and checks the exit status.
expect() {
    wanted=$1
    name=$2
    shift 2
    checks=$((checks + 1))
    "$@" >out 2>err </dev/null
    code=$?
    if [ $code -ne "$wanted" ]; then
        bad "$name: exit status $code, not $wanted"
        return 1
    fi
    # A failure is one sentence on stderr that begins with the program's name.
    if [ "$wanted" -ne 0 ] && { [ "$(grep -av warning: err | wc -l)" -ne 1 ] || ! grep -aq '^m6' err; }; then
        bad "$name: not one sentence on stderr"
        return 1
    fi
    return 0
}

# says FILE TEXT: the file (out, err or another) has that text.
says() {
    checks=$((checks + 1))
    grep -aq -e "$2" "$1" || bad "$name: '$2' is not in $1"
}

ok() {
    checks=$((checks + 1))
    name=$1
    shift
    "$@" >out 2>err || bad "$name"
}

# json FILE CHECK…: one JSON value, with these paths and values.
json() {
    checks=$((checks + 1))
    file=$1
    shift
    "$TOOLS/json_check" "$@" <"$file" 2>why || bad "$name: $(cat why)"
}

# Nothing half-made is left behind.
no_leftovers() {
    checks=$((checks + 1))
    find . -name '.m6-*' -o -name '*.part-*' | grep -q . && bad "$name: a temporary file was left: $(find . -name '.m6-*' -o -name '*.part-*' | head -n 1)"
    return 0
}

skip() {
    echo "skipped: $1"
    exit 77
}

finish() {
    echo "$checks checks, $failures failed"
    [ $failures -eq 0 ]
    exit
}
