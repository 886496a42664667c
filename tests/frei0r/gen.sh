# m6gen.so in the hosts that people have: its pictures are those of `m6 draw`, and what goes wrong is shown.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../integration/pictures.sh"
plugin="$PLUGINS/m6gen.so"

# ---- the plugin by itself ----
ok "rules" "$harness" rules "$plugin"
ok "callers" "$harness" callers
ok "absent" env M6_AUTOSTART=0 M6_HOST="$work/none.sock" "$harness" absent "$plugin"
checks=$((checks + 1))
[ "$(uniq -d err | wc -l)" -eq 0 ] && [ "$(grep -c '^m6gen: ' err)" -ge 4 ] || bad "absent: not one line for each thing"
if [ -z "${SANITIZED:-}" ] && command -v nm >/dev/null; then
    checks=$((checks + 1))
    nm -D --defined-only "$plugin" | awk '$3 !~ /^f0r_/ { print }' >out
    [ -s out ] && bad "it exports more than frei0r's functions"
fi

# played NAME OUT.nut FILTERS [OPTION…]: five frames at 2 a second, through a stock ffmpeg.
played() {
    name=$1
    to=$2
    graph=$3
    shift 3
    expect 0 "$name" ffmpeg -v error -nostdin -y -f lavfi -i "testsrc=s=${size:-320x180}:r=2:d=2.5" "$@" -vf "$graph" -c:v rawvideo -pix_fmt rgba "$to"
}
m6gen="frei0r=filter_name=m6gen:filter_params"

# ---- no host ----
if has ffmpeg; then
    export M6_AUTOSTART=0
    played "plain" plain.nut null
    played "no host" none.nut "$m6gen=a red cat"
    differ "no host" none.nut plain.nut
    checks=$((checks + 1))
    [ "$(grep -c '^m6gen: ' err)" = 1 ] || bad "no host: not one line"
    played "passing" pass.nut "$m6gen=a red cat|on_error=pass"
    same "passing" pass.nut plain.nut
    played "no prompt" none.nut frei0r=m6gen
    says err "there is no prompt"
    played "a bad option" none.nut "$m6gen=a red cat|sede=7"
    says err "there is no option 'sede'"
    expect 0 "no frames" ffmpeg -v error -nostdin -y -f lavfi -i testsrc=s=320x180:r=2:d=2 -t 0 -vf "$m6gen=a red cat" -f null -
    unset M6_AUTOSTART
fi

# ---- who only looks asks nobody, so no host is started ----
if has gst-launch-1.0; then
    gst-inspect-1.0 frei0r-filter-m6gen >/dev/null 2>&1
    gst-inspect-1.0 frei0r-filter-m6caption >/dev/null 2>&1
fi
has melt && melt -query filter=frei0r.m6gen </dev/null >/dev/null 2>&1
checks=$((checks + 1))
[ -e "$M6_HOST" ] && bad "a host was started by looking"

# ---- with one ----
serve
ok "disorder" "$harness" disorder "$plugin"
ok "slices" "$harness" slices "$plugin"
ok "cycles" "$harness" cycles "$plugin" 6
if [ -z "${SANITIZED:-}" ] && command -v valgrind >/dev/null; then
    ok "valgrind" valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite "$harness" cycles "$plugin" 2
fi
has ffmpeg || finish

drawn cat.png "a red cat" --seed 5 --size 320x180
drawn next.png "a red cat" --seed 6 --size 320x180
drawn small.png "a red cat" --seed 5 --size 160x90
played "replace" replace.nut "$m6gen=a red cat|seed=5"
same "replace" replace.nut cat.png
played "half" half.nut "$m6gen=a red cat|seed=5|0.5"
differ "half" half.nut cat.png
differ "half" half.nut plain.nut
played "nothing" zero.nut "$m6gen=a red cat|seed=5|0"
same "nothing" zero.nut plain.nut
played "overlay" overlay.nut "$m6gen=a red cat|seed=5\\\\:mode=overlay\\\\:w=W/2\\\\:h=H/2|1|0.5/1"
same "overlay, inside" overlay.nut small.png crop=160:90:80:90
same "overlay, outside" overlay.nut plain.nut crop=320:90:0:0 crop=320:90:0:0
played "its own place" overlay.nut "$m6gen=a red cat|seed=5\\\\:mode=overlay\\\\:w=W/2\\\\:h=H/2\\\\:x=3\\\\:y=7|1|0.5/1"
same "its own place" overlay.nut small.png crop=160:90:3:7
# Time: FFmpeg 5 gives milliseconds; the second picture comes after 1 s.
played "every" every.nut "$m6gen=a red cat|seed=5\\\\:every=1"
same "every, 0.5 s" every.nut cat.png "select=eq(n\\,1)"
same "every, 1 s" every.nut next.png "select=eq(n\\,2)"
same "every, 1.5 s" every.nut next.png "select=eq(n\\,3)"
# Rows that FFmpeg 5 pads.
for size in 66x50 65x31 67x18; do
    drawn odd.png "a red cat" --seed 5 --size $size
    played "$size" odd.nut "$m6gen=a red cat|seed=5"
    same "$size" odd.nut odd.png
done
unset size
size=80x48
played "no time" every.nut "$m6gen=a red cat|every=1"
says err "frames come without a time"
played "padded" every.nut "pad=ceil(iw/64)*64,$m6gen=a red cat|every=1"
checks=$((checks + 1))
[ -s err ] && bad "padded: $(cat err)"
unset size
# A prompt that changes while it plays.
drawn bus.png "a blue bus" --seed 0 --size 320x180
drawn red.png "a red cat" --seed 0 --size 320x180
played "sendcmd" sendcmd.nut "sendcmd=c=1.0 frei0r filter_params \\\\\\'a blue bus\\\\\\',$m6gen=a red cat"
same "sendcmd, before" sendcmd.nut red.png "select=eq(n\\,1)"
same "sendcmd, after" sendcmd.nut bus.png "select=eq(n\\,2)"
# The frame's alpha stays where the frame does.
expect 0 "alpha" ffmpeg -v error -nostdin -y -f lavfi -i color=white@0.5:s=320x180:r=1:d=1,format=rgba -vf "$m6gen=a red cat|seed=5|0" -f rawvideo -pix_fmt rgba alpha.raw
checks=$((checks + 1))
[ "$(od -An -tu1 -N4 alpha.raw | tr -s ' ')" = " 255 255 255 127" ] || bad "alpha: $(od -An -tu1 -N4 alpha.raw)"

if has gst-launch-1.0 && gst-inspect-1.0 frei0r-filter-m6gen >out 2>err; then
    says out "prompt "
    says out "position-x"
    gst="videotestsrc num-buffers=3 ! video/x-raw,width=320,height=180,framerate=1/1 ! videoconvert ! video/x-raw,format=RGBA"
    expect 0 "gst-launch" gst-launch-1.0 -q $gst ! frei0r-filter-m6gen prompt="a red cat" options="seed=5:every=1" ! pngenc ! multifilesink location=gst-%d.png
    same "gst-launch, 0 s" gst-0.png cat.png
    same "gst-launch, 1 s" gst-1.png next.png
    expect 0 "gst-launch, odd" gst-launch-1.0 -q videotestsrc num-buffers=1 ! video/x-raw,width=66,height=50 ! videoconvert ! video/x-raw,format=RGBA ! frei0r-filter-m6gen prompt="a red cat" options="seed=5" ! pngenc ! filesink location=gst-odd.png
    drawn odd.png "a red cat" --seed 5 --size 66x50
    same "gst-launch, odd" gst-odd.png odd.png
fi

if has melt; then
    # 768x576, 25 frames a second
    drawn pal.png "a red cat" --seed 5 --size 768x576
    drawn pal-next.png "a red cat" --seed 6 --size 768x576
    for threads in -1 -2; do
        rendered "melt $threads" melt$threads.txt $threads color:red in=0 out=29 -attach frei0r.m6gen Prompt="a red cat" Options="$("$M6" escape --for melt seed=5:every=1)"
    done
    cat melt-1.txt >out
    says out "^time=0.96 size=768x576 $(sum_of pal.png)$"
    says out "^time=1 size=768x576 $(sum_of pal-next.png)$"
    checks=$((checks + 1))
    cmp -s melt-1.txt melt-2.txt || bad "melt: two threads give other frames"
    ok "melt -query" melt -query filter=frei0r.m6gen
    says out "Prompt"
fi
finish
