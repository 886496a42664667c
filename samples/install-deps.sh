#!/bin/sh
# Installs what building and running M6 needs from Debian 12, and nothing that is there already.
#   install-deps.sh            to build and run
#   install-deps.sh --tests    and to run the tests
#   install-deps.sh --peers    and the libraries that the benchmarks compare with
set -eu

packages="gcc libc6-dev cmake ninja-build pkg-config
  libcjson-dev libpcre2-dev libsqlite3-dev libpng-dev libjpeg-dev libcairo2-dev libpango1.0-dev
  libavformat-dev libavcodec-dev libavutil-dev libswscale-dev libplacebo-dev libvulkan-dev
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  fonts-dejavu-core fonts-noto-cjk ffmpeg"
for option in "$@"; do
    case $option in
    --tests)
        packages="$packages dpkg-dev make libswresample-dev libcmocka-dev clang abigail-tools valgrind melt python3-gi gir1.2-gstreamer-1.0
          gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
          gstreamer1.0-plugins-ugly gstreamer1.0-libav gstreamer1.0-x mesa-vulkan-drivers" ;;
    --peers) packages="$packages libdnnl-dev libopenblas-dev libavfilter-dev" ;;
    *)
        echo "usage: install-deps.sh [--tests] [--peers]" >&2
        exit 2
        ;;
    esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "install-deps.sh: this is no Debian; install these by other means:" $packages >&2
    exit 1
fi

missing=
for package in $packages; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || state=
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install-deps.sh: needs root, and sudo is not here; as root run: apt-get install$missing" >&2
        exit 1
    fi
    as_root="sudo"
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update >/dev/null
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! $as_root apt-get -qq -y --no-install-recommends install $missing >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
