# What the tests of the GStreamer elements share: a registry that is not the user's, and hosts that end with them.
# From CTest: M6, M6D, TOOLS (make_model, json_check), PLUGIN (the folder of libgstm6.so), GST_REGISTRY (the build's, not the user's).
. "$(dirname "$0")/../server/host.sh"
export GST_REGISTRY="${GST_REGISTRY:-$work/registry.bin}" GST_PLUGIN_PATH="$PLUGIN" GST_REGISTRY_FORK=no G_DEBUG=fatal-criticals
# Nobody's settings but the test's.
unset GST_DEBUG GST_DEBUG_FILE GST_TRACERS GST_PLUGIN_SYSTEM_PATH GST_PLUGIN_FEATURE_RANK
command -v gst-launch-1.0 >/dev/null || skip "gst-launch-1.0 is not here (gstreamer1.0-tools)"

# GStreamer's own programs are built without sanitizers; a plugin that has them needs their runtime to come first.
case ${SANITIZED:-} in
*address*)
    mkdir "$work/bin"
    for tool in gst-launch-1.0 gst-inspect-1.0 python3; do
        program=$(command -v $tool) || continue
        printf '#!/bin/sh\nLD_PRELOAD="%s" ASAN_OPTIONS=detect_leaks=0 exec %s "$@"\n' "$(${CC:-cc} -print-file-name=libasan.so)" "$program" >"$work/bin/$tool"
        chmod +x "$work/bin/$tool"
    done
    PATH="$work/bin:$PATH"
    ;;
esac
