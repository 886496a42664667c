# Help, options and exit codes: everything that needs no model.
. "$(dirname "$0")/lib.sh"

expect 0 "help" "$M6" --help
says out "Commands:"
for command in write draw storyboard caption ask run models doctor jobs train eval bench escape completion; do
    checks=$((checks + 1))
    "$M6" help | grep -q "^  $command " || bad "help lists $command"
    expect 0 "help $command" "$M6" help $command
    says out "Usage: m6 $command"
done
for command in write draw storyboard caption ask run models doctor jobs escape help completion; do
    expect 0 "$command --help" "$M6" $command --help
    says out "Usage: m6 $command"
    says out "--json"
    expect 0 "$command -h" "$M6" $command -h
done
expect 0 "version" "$M6" --version
says out '^m6 [0-9]'
expect 0 "completion" "$M6" completion bash
ok "completion is bash" bash -n out

expect 2 "no command" "$M6"
expect 2 "unknown command" "$M6" drwa
says err "did you mean 'draw'"
expect 2 "unknown option" "$M6" draw --sed 3 x
says err "did you mean --seed"
expect 2 "unknown short option" "$M6" draw -Z x
expect 2 "missing argument" "$M6" draw
expect 2 "too many arguments" "$M6" write a red cat
says err "quote"
expect 2 "option without value" "$M6" draw x --seed
expect 2 "flag with value" "$M6" draw x --json=1
expect 2 "not a number" "$M6" draw x --best two
expect 2 "out of range" "$M6" write x --shots 0
expect 2 "seed too large" "$M6" draw x --seed 18446744073709551616
expect 2 "negative seed" "$M6" draw x --seed=-1
expect 2 "not a choice" "$M6" write x --lang fr
says err "en|zh"
expect 2 "not a size" "$M6" draw x --size 12
expect 2 "not a rate" "$M6" storyboard x --fps fast
expect 2 "not a rectangle" "$M6" draw x --image a.png --keep 1,2,3
expect 2 "keep without image" "$M6" draw x --keep 0,0,8,8
expect 2 "image without keep" "$M6" draw x --image a.png
expect 2 "steps, left to right" "$M6" draw x --mode ar --steps 3
expect 2 "every and on" "$M6" caption x --every 1 --on scene
expect 2 "idea and script" "$M6" storyboard x --script y
expect 2 "neither idea nor script" "$M6" storyboard
expect 2 "models what" "$M6" models
expect 2 "models nonsense" "$M6" models burn
expect 2 "completion for another shell" "$M6" completion fish
expect 2 "usage error as JSON" "$M6" draw --json --best two x
json out exit=2 error

expect 0 "double dash" "$M6" help -- draw
expect 0 "global option first" "$M6" --quiet help
expect 3 "empty prompt" "$M6" draw ""
expect 3 "blank prompt" "$M6" draw "   "
expect 3 "not UTF-8" "$M6" draw "$(printf 'red \377 cat')"
says err "byte 4"
long=$(head -c 100000 /dev/zero | tr '\0' a)
expect 3 "100 kB prompt" "$M6" draw "$long"
says err "100000 characters"
expect 3 "100 kB idea" "$M6" write "$long" --json
json out exit=3
expect 3 "empty idea for a storyboard" "$M6" storyboard ""
expect 3 "an idea that is not UTF-8" "$M6" write "$(printf '\300\257')"
expect 3 "a question that is not UTF-8" "$M6" ask x.png "$(printf 'red \355\240\200')"
expect 3 "empty question" "$M6" ask x.png ""
expect 4 "no such model" "$M6" --model nowhere draw "red cat"
says err "nowhere"
mkdir empty
expect 4 "an empty model folder" "$M6" --model ./empty draw "red cat"
finish
