#!/bin/sh
# Builds Debian's own ffmpeg packages with M6's filters in.
#   build-debian.sh [--prepare] FOLDER     the packages lie in FOLDER then; install them with apt-get install FOLDER/*.deb
#   --prepare                              only puts the filters into the source package, FOLDER/ffmpeg-VERSION
# It takes what builds that package (apt-get build-dep ffmpeg), an installed libm6, 2 GB and, on two cores, half an hour.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prepare=
if [ "${1:-}" = --prepare ]; then
    prepare=yes
    shift
fi
if [ $# -ne 1 ] || [ "${1#-}" != "$1" ]; then
    echo "usage: build-debian.sh [--prepare] FOLDER" >&2
    exit 2
fi
die() {
    echo "build-debian.sh: $1" >&2
    exit 1
}
pkg-config --exists m6 || die "pkg-config does not know m6; install M6 (cmake --install), and set PKG_CONFIG_PATH if it is in an unusual place"
src=$(sh "$here/debian-source.sh" "$1")
sh "$here/install.sh" "$src"

# Once: the option, a version of its own, and leave to link a library that no package has.
if ! grep -q 'enable-libm6' "$src/debian/rules"; then
    sed -i 's/^CONFIG := /CONFIG := --enable-libm6 /' "$src/debian/rules"
    grep -q 'enable-libm6' "$src/debian/rules" || die "debian/rules of this ffmpeg is not as expected; add --enable-libm6 to its CONFIG"
    echo "libm6 1" >"$src/debian/shlibs.local"
    {
        sed -n '1s/^ffmpeg (\([^)]*\)) \([^;]*\);.*/ffmpeg (\1+m6) UNRELEASED; urgency=medium/p' "$src/debian/changelog"
        printf '\n  * With the filters m6gen, m6gen_src and m6caption.\n\n -- M6 <root@localhost>  %s\n\n' "$(LC_ALL=C date -R)"
        cat "$src/debian/changelog"
    } >"$src/debian/changelog.new"
    mv "$src/debian/changelog.new" "$src/debian/changelog"
fi
if [ -n "$prepare" ]; then
    echo "$src"
    exit 0
fi
cd "$src"
dpkg-checkbuilddeps || die "as root: apt-get build-dep ffmpeg, with deb-src among the Types of your sources of packages; or install what is named above"
DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -b -us -uc
