# What is installed is whole, works from any place, and can be moved.
. "$(dirname "$0")/lib.sh"
ok "install" cmake --install "$BUILD" --prefix "$work/here"
mv here "there is a blank"
prefix="$work/there is a blank"
M6=$prefix/bin/m6
for part in bin/m6 lib/m6/m6media.so lib/m6/m6title.so lib/m6/plugins libexec/m6/m6-train libexec/m6/m6-bench libexec/m6/m6-plugin \
    share/m6/presets/preset.schema.json share/m6/presets/draft.json share/doc/m6/LICENSE include/m6/plugin.h \
    share/bash-completion/completions/m6; do
    ok "$part" test -e "$prefix/$part"
done
for name in caption image script; do
    ok "plugin $name" test -e "$prefix/lib/m6/plugins/$name.so"
done
expect 0 "doctor" "$M6" doctor --json
json out ok=true
expect 0 "draw" "$M6" draw "red cat" -o cat.png
expect 0 "caption" "$M6" caption cat.png
expect 0 "a program under libexec" "$M6" bench --help
printf 'EXT. BEACH - DUSK\n\nA red cat.\n' >cat.fountain
expect 0 "storyboard with a preset" "$M6" storyboard --script cat.fountain --preset draft -o cat.mp4
expect 0 "through a link" sh -c 'ln -s "$1" m6-link && ./m6-link --version' sh "$M6"
[ $trained = yes ] && [ -z "${M6_MODEL:-}" ] && ok "the model" test -e "$prefix/share/m6/models/m6-mini/config.json"
if command -v readelf >/dev/null; then
    checks=$((checks + 1))
    readelf -d "$M6" | grep -q -e RPATH -e RUNPATH && bad "the program is tied to a folder"
fi
finish
