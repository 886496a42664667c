# What commands make of good input.
. "$(dirname "$0")/lib.sh"

expect 0 "draw" "$M6" draw "red cat" --seed 5
says out 'm6-5.png'
ok "it is a PNG" grep -q PNG m6-5.png
for word in seed model prompt "red cat"; do
    name="PNG text"
    says m6-5.png "$word"
done
expect 0 "draw again" "$M6" draw "red cat" --seed 5 -o again.png --threads 1
ok "same seed, same bytes" cmp m6-5.png again.png
expect 0 "another seed" "$M6" draw "red cat" --seed 6 -o other.png
checks=$((checks + 1))
cmp -s other.png again.png && bad "another seed gives another picture"
expect 0 "several" "$M6" draw "red cat" -n 3 --seed 5 -o many.png --json
json out pictures.#=3 pictures.0.path=many-001.png pictures.2.path=many-003.png seed=5
ok "the first of several has the seed itself" cmp m6-5.png many-001.png
expect 0 "a seed past 2^53" "$M6" draw "red cat" --seed 18446744073709551615 -o big.png --json
says out '"seed": 18446744073709551615'
expect 0 "progressive" "$M6" draw "red cat" --mode progressive --steps 4 --seed 5 -o prog.png
expect 0 "best of 3, in a size" "$M6" draw "red cat" --best 3 --size 320x180 --seed 5 -o best.png --json
json out pictures.0.width=320 pictures.0.height=180
expect 0 "keep a region" "$M6" draw "red cat" --image m6-5.png --keep 0,0,128,144 --seed 9 -o kept.png
expect 0 "unknown words are named" "$M6" draw "red zorblax cat" -o zorb.png
says err "warning: .*zorblax"
expect 3 "only unknown words" "$M6" draw "zorblax quuxly" -o never.png
expect 3 "only unknown words in an idea" "$M6" write "zorblax quuxly"
says err "zorblax, quuxly"
# A progress line is for terminals alone.
if command -v script >/dev/null; then
    checks=$((checks + 1))
    TERM=xterm script -qec "\"$M6\" draw 'red cat' -n 2 --best 10 -o tty.png" tty </dev/null >/dev/null 2>&1
    grep -q 'drawing picture .*%' tty || bad "there is progress on a terminal"
fi
expect 0 "no progress elsewhere" env TERM=xterm "$M6" draw "red cat" -n 3 --best 4 -o notty.png
checks=$((checks + 1))
[ -s err ] && bad "there is progress where there is no terminal"
expect 0 "quiet" "$M6" draw "red cat" -q -o quiet.png
checks=$((checks + 1))
[ -s out ] || [ -s err ] && bad "quiet says nothing"

expect 0 "ask" "$M6" ask m6-5.png "What colour is the cat?" --json
json out question="What colour is the cat?" answer
expect 0 "caption a still" "$M6" caption m6-5.png
expect 0 "caption a still in Chinese" "$M6" caption m6-5.png --lang zh --json
json out "#=1" 0.start_ns=0 0.end_ns=0 0.text

expect 0 "models list" "$M6" models list --json
json out 0.name 0.path 0.default=true
expect 0 "models info" "$M6" models info --json
json out name family=m6 parameters experts draws=true isa
expect 0 "doctor" "$M6" doctor
expect 0 "doctor as JSON" "$M6" doctor --json
json out ok=true findings.0.part=program
mkdir none
checks=$((checks + 1))
M6_PLUGIN_PATH=$work/none "$M6" doctor --json >out 2>err
[ $? -eq 4 ] || bad "doctor without plugins"
name="doctor without plugins"
json out ok=false

if [ $trained = yes ]; then
    expect 0 "what a prompt is taken for" "$M6" draw "green cat, dusk, seaside, snow" --seed 3 -o taken.png --json
    says out '"caption": "A .* green cat .*on the beach at dusk in the snow'
    expect 0 "the same, as it is" "$M6" draw "green cat, dusk, seaside, snow" --seed 3 --verbatim -o verbatim.png --json
    grep -q '"caption"' out && bad "a prompt drawn as it is has no caption"
    expect 0 "write" "$M6" write "a red cat on the beach" --shots 3 --seed 2
    says out '^EXT\. .* #3#$'
    expect 0 "write to a file" "$M6" write "a red cat on the beach" --shots 3 --seed 2 -o cat.json
    json cat.json title shots.#=3 shots.0.number=1 shots.2.place shots.2.time shots.2.action seed=2 model
    expect 0 "write in Chinese" "$M6" write "海滩上的红色的猫" --shots 2 --json
    json out shots.#=2
fi
no_leftovers
finish
