# m6gen and m6gensrc in real pipelines: their pictures are those of `m6 draw`, and what goes wrong with hosts is lived with.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../integration/pictures.sh"
size="width=320,height=180,framerate=25/1"
rgb="video/x-raw,format=RGB,$size"

play() { # play NAME ELEMENT…
    name=$1
    shift
    expect 0 "$name" gst-launch-1.0 -q "$@"
}

# ---- without a host ----
export M6_AUTOSTART=0
play "the frame" videotestsrc num-buffers=1 ! "$rgb" ! pngenc ! filesink location=plain.png
ok "pass" gst-launch-1.0 videotestsrc num-buffers=25 ! "$rgb" ! m6gen prompt="a red cat" ! pngenc snapshot=true ! filesink location=pass.png
same "pass" pass.png plain.png
cat out err >log
checks=$((checks + 1))
[ "$(grep -c '^WARNING: from element' log)" = 1 ] || bad "no host: $(grep -c '^WARNING' log) warnings"
play "slate" videotestsrc num-buffers=1 ! "$rgb" ! m6gen prompt="a red cat" on-error=slate ! pngenc ! filesink location=slate.png
differ "slate" slate.png plain.png
checks=$((checks + 3))
gst-launch-1.0 -q videotestsrc num-buffers=5 ! "$rgb" ! m6gen prompt="a red cat" on-error=fail ! fakesink >out 2>err && bad "on-error=fail goes on"
gst-launch-1.0 -q m6gensrc prompt="a red cat" num-buffers=5 ! "$rgb" ! fakesink >out 2>err || bad "m6gensrc ends without a host"
gst-launch-1.0 -q videotestsrc num-buffers=5 ! "$rgb" ! m6gen prompt=cat x="(W-" ! fakesink >out 2>err && bad "a bad expression is taken"
says err "x=(W-"
expect 0 "no prompt" gst-launch-1.0 videotestsrc num-buffers=5 ! "$rgb" ! m6gen ! fakesink
cat out >>err
says err "there is no prompt"
ok "absent" "$RULES" absent
unset M6_AUTOSTART

# ---- the same pictures as m6 draw ----
serve
drawn cat.png "a red cat" --seed 5 --size 320x180
play "the source" m6gensrc prompt="a red cat" seed=5 num-buffers=1 ! "$rgb" ! pngenc ! filesink location=src.png
same "the source" src.png cat.png
play "replace" videotestsrc num-buffers=3 ! "$rgb" ! m6gen options="prompt=a red cat:seed=5" ! pngenc snapshot=true ! filesink location=replace.png
same "replace" replace.png cat.png
play "every" m6gensrc prompt="a red cat" seed=5 every=1000000000 num-buffers=3 ! "video/x-raw,format=RGB,width=320,height=180,framerate=1/1" ! pngenc ! multifilesink location=every-%d.png
drawn next.png "a red cat" --seed 6 --size 320x180
same "every, 0" every-0.png cat.png
same "every, 1" every-1.png next.png
differ "every, 2" every-2.png next.png

drawn small.png "a red cat" --seed 5 --size 160x90
play "overlay" videotestsrc num-buffers=1 ! "$rgb" ! m6gen prompt="a red cat" seed=5 mode=overlay width=W/2 height=H/2 x=W-w-7 y=3 ! pngenc ! filesink location=overlay.png
same "overlay, inside" overlay.png small.png crop=160:90:153:3
same "overlay, outside" overlay.png plain.png crop=153:180:0:0 crop=153:180:0:0
play "key" videotestsrc num-buffers=1 pattern=solid-color foreground-color=0xff00ff00 ! "$rgb" ! m6gen prompt="a red cat" seed=5 mode=key ! pngenc ! filesink location=key.png
same "key" key.png cat.png
play "not the key" videotestsrc num-buffers=1 pattern=solid-color foreground-color=0xffff0000 ! "$rgb" ! m6gen prompt="a red cat" seed=5 mode=key ! pngenc ! filesink location=nokey.png
play "red" videotestsrc num-buffers=1 pattern=solid-color foreground-color=0xffff0000 ! "$rgb" ! pngenc ! filesink location=red.png
same "not the key" nokey.png red.png
drawn part.png "a dog" --seed 3 --image cat.png --keep 0,0,320,60 --keep 0,120,320,60 --keep 0,60,80,60 --keep 240,60,80,60 --size 320x180
play "region" filesrc location=cat.png ! pngdec ! videoconvert ! video/x-raw,format=RGB ! m6gen prompt="a dog" seed=3 mode=region x=80 y=60 width=160 height=60 ! pngenc ! filesink location=region.png
same "region, inside" region.png part.png crop=150:50:85:65 crop=150:50:85:65
same "region, outside" region.png cat.png crop=320:60:0:0 crop=320:60:0:0
# A fade ends at the picture, and begins at the one before.
play "fade" m6gensrc prompt="a red cat" seed=5 every=1000000000 fade=500000000 num-buffers=8 ! "video/x-raw,format=RGB,width=320,height=180,framerate=4/1" ! pngenc ! multifilesink location=fade-%d.png
same "fade, before" fade-3.png cat.png
same "fade, first" fade-4.png cat.png
differ "fade, middle" fade-5.png cat.png
differ "fade, middle" fade-5.png next.png
same "fade, after" fade-6.png next.png

printf 'a red cat\n' >prompt.txt
play "prompt-file" m6gensrc prompt-file=prompt.txt seed=5 num-buffers=1 ! "$rgb" ! pngenc ! filesink location=file.png
same "prompt-file" file.png cat.png
checks=$((checks + 1))
gst-launch-1.0 -m m6gensrc prompt="a red bus" num-buffers=1 ! "$rgb" ! fakesink >out 2>err
grep -q 'progress.*complete' out && grep -q 'm6gen/picture' out || bad "no PROGRESS or m6gen/picture on the bus"

# A caption is the prompt, in one graph.
name="a caption as the prompt"
M6_HOST=none "$M6" caption cat.png >caption.txt 2>/dev/null || bad "m6 caption"
ok "$name" gst-launch-1.0 -m filesrc location=cat.png ! pngdec ! imagefreeze num-buffers=3 ! videoconvert ! video/x-raw,format=RGB,framerate=1/1 ! \
    m6caption every=1000000000 policy=sync ! m6gen prompt-from=caption ! pngenc snapshot=true ! filesink location=said.png
caption=$(sed 's/^[0-9:. -]*to *[0-9:.]* *//' caption.txt)
checks=$((checks + 1))
grep -q 'm6gen/picture' out || bad "no picture came of the caption"
drawn said-ref.png "$caption" --size 320x180 --seed 0
same "$name" said.png said-ref.png

# ---- the rules ----
for rule in frames caption seeks formats; do
    ok "$rule" "$RULES" $rule
done
if [ -z "${SANITIZED:-}" ]; then
    ok "leaks" env GST_TRACERS=leaks GST_DEBUG=GST_TRACER:7 "$RULES" cycles
    checks=$((checks + 1))
    grep -q 'object-alive, type-name=(string)[^%]' err && bad "leaks: $(grep 'object-alive, type-name=(string)[^%]' err | head -n 1)"
fi
ok "live" "$RULES" live "$server"
ok "flush" "$RULES" flush "$server"
ok "killed" "$RULES" killed "$server"
finish
