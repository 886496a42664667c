# What the tests of the frei0r filters share. From CTest: M6, M6D, TOOLS, PLUGINS (the folder of m6gen.so), HERE (m6probe.so, ffharness).
. "$(dirname "$0")/../server/host.sh"
export FREI0R_PATH="$PLUGINS:$HERE" GST_REGISTRY="$work/registry.bin" GST_REGISTRY_FORK=no MLT_PROFILE=square_pal
unset FREI0R_PLUGIN_PATH MLT_FREI0R_PLUGIN_PATH M6_FREI0R_TIME GST_DEBUG GST_PLUGIN_FEATURE_RANK
harness="$HERE/ffharness"

# Real hosts have no sanitizers in them; then the harness is all.
has() {
    [ -z "${SANITIZED:-}" ] && command -v "$1" >/dev/null
}
# melt opens devices that a test has no use for.
melted() {
    SDL_AUDIODRIVER=dummy SDL_VIDEODRIVER=dummy melt -silent "$@" </dev/null
}
