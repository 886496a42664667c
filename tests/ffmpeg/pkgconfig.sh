# pkgconfig FOLDER: libm6 where it is built (M6_BUILD, M6_SOURCE), as pkg-config knows an installed one.
pkgconfig() {
    mkdir -p "$1"
    cat >"$1/m6.pc" <<EOF
Name: m6
Description: m6 in its build tree
Version: 0
Requires.private: libcjson
Libs: -L$M6_BUILD/lib -lm6
Cflags: -I$M6_SOURCE/host/include -I$M6_SOURCE/engine/include
EOF
}
