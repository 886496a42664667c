# symbols.sh LIBRARY MAP: the library exports what its map lists, and nothing else.
set -eu
work=$(mktemp -d "${TMPDIR:-/tmp}/m6-symbols-XXXXXX")
trap 'rm -rf "$work"' EXIT
sed -n 's/^ *\(m6_[a-z_]*\);$/\1/p' "$2" | sort >"$work/map"
nm -D --defined-only "$1" | sed -n 's/.* T \([A-Za-z0-9_]*\).*/\1/p' | sort >"$work/library"
diff "$work/map" "$work/library"
