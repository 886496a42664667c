#!/bin/sh
# Gets the source of this Debian's ffmpeg into a folder, unless it is there, and prints where it lies.
#   debian-source.sh FOLDER     FOLDER/ffmpeg-VERSION
# The system's sources of packages stay as they are: apt is given lists of its own, which also name those of source packages.
set -eu
if [ $# -ne 1 ]; then
    echo "usage: debian-source.sh FOLDER" >&2
    exit 2
fi
die() {
    echo "debian-source.sh: $1" >&2
    exit 1
}
for command in apt-get dpkg-source; do
    command -v $command >/dev/null || die "$command is not here; on Debian: apt-get install dpkg-dev"
done
mkdir -p "$1"
folder=$(cd "$1" && pwd)
version=$(apt-cache policy ffmpeg | sed -n 's/^  Candidate: //p')
version=${version#*:}
found="$folder/ffmpeg-${version%%-*}"
if [ ! -f "$found/.complete" ]; then
    own="$folder/apt"
    mkdir -p "$own/lists/partial" "$own/parts" "$own/cache/archives/partial"
    apt-get indextargets --format 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(REPO_URI) $(RELEASE) main' \
        'Created-By: Packages' 'Origin: Debian' 'Component: main' | sort -u >"$own/sources.list"
    [ -s "$own/sources.list" ] || die "apt knows no Debian packages; run apt-get update first"
    options="-o Dir::Etc::sourcelist=$own/sources.list -o Dir::Etc::sourceparts=$own/parts -o Dir::State::lists=$own/lists -o Dir::Cache=$own/cache -o APT::Sandbox::User="
    apt-get -qq $options update >"$own/log" 2>&1 && (cd "$folder" && rm -rf "$found" && apt-get -qq $options source ffmpeg) >>"$own/log" 2>&1 ||
        die "the source package ffmpeg cannot be had: $(grep '^E:' "$own/log" | tail -n 1)"
    [ -d "$found" ] || die "the source package is not of version $version"
    touch "$found/.complete"
fi
echo "$found"
