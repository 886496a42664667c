# m6caption and the host's own model: its loading is told, it must be the one that is wanted, and a still says what `m6 caption` says.
. "$(dirname "$0")/lib.sh"
[ "$trained" = yes ] || skip "a model of random weights says nothing that could be checked"
play() {
    name=$1
    shift
    checks=$((checks + 1))
    timeout 120 gst-launch-1.0 -m "$@" >out 2>err </dev/null || bad "$name: exit status $?"
}
never() { # never TEXT: out does not have it
    checks=$((checks + 1))
    grep -q -e "$1" out && bad "$name: '$1' is in out"
}

M6_HOST=none "$M6" draw "a red cat" --seed 3 -o still.png -q || bad "m6 draw"
M6_HOST=none "$M6" caption still.png >wanted 2>/dev/null || bad "m6 caption"

"$M6" serve --lazy >serve.log 2>&1 &
until_it_answers
play "a still" filesrc location=still.png ! pngdec ! m6caption ! fakesink
says out "progress.*type=(GstProgressType)start, code=(string)m6-load"
says out "progress.*type=(GstProgressType)complete, code=(string)m6-load"
said=$(sed -n 's/.*m6caption\/caption, text=(string)"\(.*\)", model=.*/\1/p' out | tr -d '\\')
checks=$((checks + 1))
[ -n "$said" ] && [ "$said" = "$(cat wanted)" ] || bad "the still says '$said', not '$(cat wanted)'"
play "loaded already" filesrc location=still.png ! pngdec ! m6caption ! fakesink
never "m6-load"
says out "m6caption/caption"
model=$(sed -n 's/.*m6caption\/caption.* model=(string)\([^,]*\),.*/\1/p' out | tr -d '"')
play "the model by its name" filesrc location=still.png ! pngdec ! m6caption model="$model" ! fakesink
says out "m6caption/caption"
play "another model" filesrc location=still.png ! pngdec ! m6caption model=another ! fakesink
never "m6caption/caption"
checks=$((checks + 1))
cat out err | grep -q "^WARNING.*not \"another\"" || bad "no warning of another model"
finish
