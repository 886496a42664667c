# abi.sh LIBRARY [--update]: libm6 offers programs built against the last baseline what they were built for. The baseline,
# host/client/libm6.abi, is written by --update: when something was added, or with a new soname.
set -eu
library=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
baseline=$source/host/client/libm6.abi
headers="--headers-dir $source/host/include/m6 --headers-dir $source/engine/include/m6"
if ! command -v abidiff >/dev/null; then
    echo "skipped: there is no abidiff; sh samples/install-deps.sh --tests installs it"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/m6-abi-XXXXXX")
trap 'rm -rf "$work"' EXIT
abidw $headers --drop-private-types --exported-interfaces-only --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed "$library" |
    sed "s| path='[^']*/\([a-z]*/[a-z_]*/[a-z_]*\.c\)'| path='\1'|" >"$work/now.abi"
# Without debug information there would be nothing to compare.
if ! grep -q "name='m6_client_event'" "$work/now.abi"; then
    echo "$library has no debug information of its types"
    exit 1
fi
if [ "${2:-}" = --update ]; then
    cp "$work/now.abi" "$baseline"
    exit 0
fi
abidiff --no-show-locs "$baseline" "$work/now.abi" && exit 0
echo "libm6 is not what programs were built against. If something was only added, write a new baseline with"
echo "sh tests/server/abi.sh $library --update; else undo it, or raise the soname"
exit 1
