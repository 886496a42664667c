#!/bin/sh
# Installs what is missing, builds with warnings as errors, and runs every test: optimised, then under the address and
# undefined behaviour sanitizers, then a minute of fuzzing.
#   sh tests/run.sh            the last line is "N passed, N failed"
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0
failed=0
broken=
jobs=$(nproc)

# build PRESET [TARGET…]: says nothing unless it fails.
build() {
    preset=$1
    shift
    echo "== building: $preset"
    mkdir -p build
    log=build/$preset.log
    if cmake --preset "$preset" >"$log" 2>&1 &&
        cmake --build --preset "$preset" ${1:+--target "$@"} >>"$log" 2>&1; then
        return 0
    fi
    tail -n 60 "$log"
    broken="$broken $preset"
    return 1
}

# run PRESET [CTEST OPTION…]: adds to the figures. Skipped tests count as neither.
run() {
    preset=$1
    shift
    log=build/$preset.ctest.log
    ctest --test-dir "build/$preset" --output-on-failure -j "$jobs" "$@" 2>&1 | tee "$log"
    # "97% tests passed, 1 tests failed out of 32"
    figures=$(sed -n 's/.*tests passed, \([0-9]*\) tests* failed out of \([0-9]*\).*/\1 \2/p' "$log")
    if [ -z "$figures" ]; then
        broken="$broken $preset"
        return
    fi
    skipped=$(grep -c '(Skipped)$' "$log")
    failed=$((failed + ${figures% *}))
    passed=$((passed + ${figures#* } - ${figures% *} - skipped))
}

sh samples/install-deps.sh --tests || exit 1
build ci && run ci
# The programs of GStreamer, FFmpeg and MLT have no sanitizers, and what they load cannot bring its own. Vulkan's drivers leak.
export M6_VULKAN=none
build asan && run asan -LE slow -E '^((gst|frei0r|ffmpeg)_|frame_gpu(_one_processor|_no_driver)?$)'
unset M6_VULKAN
build fuzz fuzz_safetensors fuzz_tokenizer fuzz_config fuzz_protocol fuzz_worker fuzz_genoptions && run fuzz -R '^fuzz_'

if [ -n "$broken" ]; then
    echo "could not be built or run:$broken"
    failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
