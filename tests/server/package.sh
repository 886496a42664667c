# libm6 as others find it: installed anywhere, by pkg-config and by CMake, in C and in C++.
. "$(dirname "$0")/host.sh"
ok "install" cmake --install "$BUILD" --prefix "$work/first"
mv first "$work/pre fix"
prefix="$work/pre fix"
for part in bin/m6d include/m6/m6.h include/m6/status.h lib/systemd/user/m6d.service lib/systemd/user/m6d.socket; do
    ok "$part" test -e "$prefix/$part"
done
pc=$(dirname "$(find "$prefix" -name m6.pc)")
libs=$(dirname "$(find "$prefix" -name 'libm6.so' | head -n 1)")
export PKG_CONFIG_PATH="$pc"
if command -v pkg-config >/dev/null; then
    ok "pkg-config" sh -c "eval ${CC:-cc} -std=c11 -Wall -Wextra -Werror \"\$1\" \$(pkg-config --cflags --libs m6) -o by-pkg-config" sh "$SOURCE/samples/editor/editor.c"
fi
mkdir consumer
cat >consumer/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.20)
project(consumer C)
find_package(M6 0.1 REQUIRED)
add_executable(by-cmake ${SOURCE}/samples/editor/editor.c)
target_link_libraries(by-cmake M6::m6)
END
ok "find_package" cmake -S consumer -B consumer/build -DSOURCE="$SOURCE" -DCMAKE_PREFIX_PATH="$prefix"
ok "build" cmake --build consumer/build
# Editors find the host that was installed with the library, and start it.
M6_HOST=none "$prefix/bin/m6" draw "red cat" --seed 3 -o cat.png -q || bad "draw"
export LD_LIBRARY_PATH="$libs"
ok "run" consumer/build/by-cmake cat.png "red cat" cut.otio
[ -e by-pkg-config ] && ok "run" ./by-pkg-config cat.png "red cat" again.otio
expect 0 "status" "$prefix/bin/m6" status --json
json out jobs.failed=0
finish
