# m6gen and m6gen_src in the stock ffmpeg: their pictures are those of `m6 draw`, frames are otherwise as they came, and what goes wrong is lived with.
. "$(dirname "$0")/lib.sh"
cat="prompt=a red cat:seed=5"
clip="testsrc2=size=320x180:rate=25:duration=0.2"

# ---- without a host ----
export M6_AUTOSTART=0
checks=$((checks + 1))
ff -h filter=m6gen >help 2>/dev/null
for option in prompt prompt_file seed mode x y w h opacity every at fade keycolor similarity blend model host timeout live on_error; do
    grep -q "^ *$option  *<string>" help || bad "there is no option $option"
done
md5 "the frames" plain.md5 -f lavfi -i "$clip"
md5 "pass" pass.md5 -f lavfi -i "$clip" -vf "m6gen=$cat"
same "pass" pass.md5 plain.md5
is "pass: warnings" "$(grep -c 'm6gen' err)" 1
md5 "slate" slate.md5 -f lavfi -i "$clip" -vf "m6gen=$cat:on_error=slate"
differ "slate" slate.md5 plain.md5
fails "fail" "" -f lavfi -i "$clip" -vf "m6gen=$cat:on_error=fail" -f null -
fails "an expression" "x=(W-" -f lavfi -i "$clip" -vf "m6gen=cat:x=(W-" -f null -
fails "a mode" "mode=under is none of replace, overlay, key, region" -f lavfi -i "$clip" -vf "m6gen=cat:mode=under" -f null -
fails "a seed" "seed=-1" -f lavfi -i "$clip" -vf "m6gen=cat:seed=-1" -f null -
fails "every and at" "leave one out" -f lavfi -i "$clip" -vf "m6gen=cat:every=1:at=2" -f null -
md5 "no prompt" pass.md5 -f lavfi -i "$clip" -vf m6gen
same "no prompt" pass.md5 plain.md5
says err "there is no prompt"
md5 "a prompt_file that is missing" pass.md5 -f lavfi -i "$clip" -vf m6gen=prompt_file=none.txt
same "a prompt_file that is missing" pass.md5 plain.md5
says err none.txt
head -c 9000 /dev/zero | tr '\0' x >huge.txt
fails "a prompt_file that is huge" huge.txt -f lavfi -i "$clip" -vf m6gen=prompt_file=huge.txt:on_error=fail -f null -
runs "the source without a host" -f lavfi -i "m6gen_src=$cat:size=64x48:d=0.2" -pix_fmt rgb24 -f rawvideo black.rgb
is "the source without a host" "$(tr -d '\0' <black.rgb | wc -c)" 0
fails "the source without a host, fail" "no host" -xerror -f lavfi -i "m6gen_src=$cat:size=64x48:d=0.2:on_error=fail" -f null -
unset M6_AUTOSTART

# ---- the same pictures as m6 draw ----
serve
drawn cat.png "a red cat" --seed 5 --size 320x180
drawn next.png "a red cat" --seed 6 --size 320x180
rgb cat.png cat.rgb
rgb next.png next.rgb
one="-frames:v 1 -pix_fmt rgb24 -f rawvideo"
runs "the source" -f lavfi -i "m6gen_src=$cat:size=320x180" $one src.rgb
same "the source" src.rgb cat.rgb
runs "replace" -f lavfi -i "$clip" -vf "format=rgb24,m6gen=$cat" $one replace.rgb
same "replace" replace.rgb cat.rgb
runs "every" -f lavfi -i "m6gen_src=$cat:size=320x180:rate=2:every=1:d=2" -f rawvideo every.rgb
cat cat.rgb cat.rgb next.rgb next.rgb >wanted.rgb
same "every" every.rgb wanted.rgb
runs "at" -f lavfi -i "m6gen_src=$cat:size=320x180:rate=2:at=0.5:d=1" -f rawvideo at.rgb
cat cat.rgb next.rgb >wanted.rgb
same "at" at.rgb wanted.rgb
runs "fade" -f lavfi -i "m6gen_src=$cat:size=320x180:rate=4:every=1:fade=0.5:d=2" -f rawvideo fade.rgb
frame() { # frame FILE N OUT: of 320x180 RGB
    tail -c +$(($2 * 172800 + 1)) "$1" | head -c 172800 >"$3"
}
for n in 3 4 5 6; do frame fade.rgb $n fade$n.rgb; done
same "fade, before" fade3.rgb cat.rgb
same "fade, first" fade4.rgb cat.rgb
differ "fade, middle" fade5.rgb cat.rgb
differ "fade, middle" fade5.rgb next.rgb
same "fade, after" fade6.rgb next.rgb

ff -f lavfi -i "$clip" -vf format=rgb24 $one plain.rgb
crop() { # crop FILE W:H:X:Y OUT
    ff -f rawvideo -pix_fmt rgb24 -s 320x180 -i "$1" -vf "crop=$2" -f rawvideo "$3"
}
drawn small.png "a red cat" --seed 5 --size 160x90
rgb small.png small.rgb
runs "overlay" -f lavfi -i "$clip" -vf "format=rgb24,m6gen=$cat:mode=overlay:w=W/2:h=H/2:x=W-w-7:y=3" $one overlay.rgb
crop overlay.rgb 160:90:153:3 inside.rgb
same "overlay, inside" inside.rgb small.rgb
crop overlay.rgb 153:180:0:0 outside.rgb
crop plain.rgb 153:180:0:0 wanted.rgb
same "overlay, outside" outside.rgb wanted.rgb
runs "key" -f lavfi -i "color=lime:size=320x180:duration=0.04" -vf "format=rgb24,m6gen=$cat:mode=key:keycolor=lime" $one key.rgb
same "key" key.rgb cat.rgb
runs "key by FFmpeg's names" -f lavfi -i "color=orchid:size=320x180:duration=0.04" -vf "format=rgb24,m6gen=$cat:mode=key:keycolor=orchid" $one key.rgb
same "key by FFmpeg's names" key.rgb cat.rgb
runs "not the key" -f lavfi -i "color=red:size=320x180:duration=0.04" -vf "format=rgb24,m6gen=$cat:mode=key" $one nokey.rgb
ff -f lavfi -i "color=red:size=320x180:duration=0.04" -vf format=rgb24 $one red.rgb
same "not the key" nokey.rgb red.rgb
drawn part.png "a dog" --seed 3 --image cat.png --keep 0,0,320,60 --keep 0,120,320,60 --keep 0,60,80,60 --keep 240,60,80,60 --size 320x180
rgb part.png part.rgb
runs "region" -i cat.png -vf "format=rgb24,m6gen=prompt=a dog:seed=3:mode=region:x=80:y=60:w=160:h=60" $one region.rgb
for what in "inside 150:50:85:65 part.rgb" "outside 320:60:0:0 cat.rgb"; do
    set -- $what
    crop region.rgb $2 a.rgb
    crop $3 $2 b.rgb
    same "region, $1" a.rgb b.rgb
done

# ---- when ----
md5 "enable" on.md5 -f lavfi -i "$clip" -vf "m6gen=$cat:enable=gte(n\,3)"
is "enable: frames as they were" "$(head -n 3 on.md5)" "$(head -n 3 plain.md5)"
checks=$((checks + 1))
[ "$(tail -n 1 on.md5)" != "$(tail -n 1 plain.md5)" ] || bad "enable: nothing is drawn"
runs "sendcmd" -f lavfi -i "testsrc2=size=320x180:rate=25:duration=0.12" -vf "sendcmd=c='0.04 m6gen seed 6; 0.08 m6gen opacity 0',format=rgb24,m6gen=$cat" -f rawvideo commands.rgb
for n in 0 1 2; do frame commands.rgb $n commands$n.rgb; done
ff -f lavfi -i "testsrc2=size=320x180:rate=25:duration=0.12" -vf "format=rgb24,select=eq(n\,2)" -frames:v 1 -f rawvideo third.rgb
same "sendcmd, before" commands0.rgb cat.rgb
same "sendcmd, seed" commands1.rgb next.rgb
same "sendcmd, opacity" commands2.rgb third.rgb
ff -f lavfi -i "$clip" -vf "sendcmd=c='0 m6gen mode under',m6gen=$cat" -f null - 2>err
says err "mode=under"
printf 'a red cat\n' >prompt.txt
runs "prompt_file" -f lavfi -i "m6gen_src=prompt_file=prompt.txt:seed=5:size=320x180" $one file.rgb
same "prompt_file" file.rgb cat.rgb
runs "-t 0" -f lavfi -i "$clip" -t 0 -vf "m6gen=$cat" -f rawvideo none.rgb
is "-t 0" "$(wc -c <none.rgb)" 0

# ---- frames of all kinds ----
# Properties and times stay; odd sizes; a size that changes in the middle.
runs "what frames say" -f lavfi -i "$clip" -vf "settb=1/1000,setpts=PTS*7-500,setsar=4/3,m6gen=$cat,showinfo" -v info -fps_mode passthrough -f null -
is "what frames say: sar" "$(grep -c 'sar:4/3' err)" 5
for size in 1x1 3x5 65x49; do
    runs "$size" -f lavfi -i "nullsrc=size=$size:duration=0.08" -vf "format=yuv420p,m6gen=$cat" -f rawvideo odd.yuv
    w=${size%x*} h=${size#*x}
    is "$size" "$(wc -c <odd.yuv)" $((2 * (w * h + 2 * ((w + 1) / 2) * ((h + 1) / 2))))
done
ff -f lavfi -i "testsrc2=size=64x48:duration=0.2" -c:v ffv1 a.nut && ff -f lavfi -i "testsrc2=size=96x64:duration=0.2" -c:v ffv1 b.nut
printf 'file a.nut\nfile b.nut\n' >list
runs "a size that changes" -f concat -safe 0 -i list -vf "m6gen=$cat:mode=overlay:w=16:h=16,scale=64:48" -f framemd5 sizes.md5
is "a size that changes: frames" "$(grep -vc '^#' sizes.md5)" 10
LD_LIBRARY_PATH="$frames" ffmpeg -v quiet -pix_fmts | sed -n 's/^[I.][O.]\.*[P.]*[B.]* \([^ ]*\) .*/\1/p' >formats
tried=0
for format in $(grep -E '^(yuv|yuva|nv|p0|p2|p4|yuyv|uyvy|yvyu|y21|vuy|ayuv|rgb|bgr|argb|abgr|0rgb|0bgr|gbr|gray|ya)' formats | grep -Ev 'be$|f32|f16|[^0-9](4|8|4_byte|444le|555le|565le)$'); do
    ff -f lavfi -i "color=blue:size=34x18:duration=0.04" -filter_complex "format=$format,split[a][b];[a]m6gen=$cat:opacity=0.5:on_error=fail,format=$format[c]" \
        -map '[b]' -f rawvideo -pix_fmt $format plain.raw -map '[c]' -f rawvideo -pix_fmt $format half.raw 2>err || continue
    tried=$((tried + 1))
    differ "$format" half.raw plain.raw
done
checks=$((checks + 1))
[ $tried -ge 60 ] || bad "only $tried formats"

# ---- prompts with hard characters, and what is told of pictures ----
printf "a red cat: it's | back\\\\slash, [two]\nlines 猫" >hard.txt
runs "metadata" -f lavfi -i "m6gen_src=prompt_file=hard.txt:seed=7:size=64x48:d=0.04" -vf metadata=print:file=said.txt -f null -
checks=$((checks + 4))
for key in prompt=a seed=7 model= latency=; do
    grep -q "^lavfi.m6.$key" said.txt || bad "no lavfi.m6.$key"
done
cp said.txt by-file.txt
# Twice: for the option, then for the graph.
runs "hard characters" -f lavfi -i "m6gen_src=prompt=a red cat\\\\: it\\\\\\'s | back\\\\\\\\slash\\, \\[two\\]
lines 猫:seed=7:size=64x48:d=0.04" -vf metadata=print:file=said.txt -f null -
grep -v latency by-file.txt >a
grep -v latency said.txt >b
same "hard characters" a b

# ---- a device's frames ----
if ff -init_hw_device vulkan=v -filter_hw_device v -f lavfi -i "color=size=64x48:duration=0.04" -vf format=nv12,hwupload,hwdownload,format=nv12 -f null - 2>err; then
    fails "a device's frames" hwdownload -init_hw_device vulkan=v -filter_hw_device v -f lavfi -i "color=size=64x48:duration=0.04" -vf "format=nv12,hwupload,m6gen=$cat" -f null -
fi

# ---- a host that goes away ----
mkfifo frames.fifo
LD_LIBRARY_PATH="$frames" ffmpeg -v warning -nostdin -y -f rawvideo -pix_fmt rgb24 -s 320x180 -r 25 -i frames.fifo -vf "m6gen=$cat:every=0.04:timeout=3" -flush_packets 1 -f framemd5 gone.md5 </dev/null 2>gone.err &
ffmpeg=$!
exec 3>frames.fifo
for n in 1 2 3; do cat plain.rgb >&3; done
until_it grep -q '^0,.* 1,' gone.md5
kill -9 $(host_pid) 2>/dev/null
wait $server 2>/dev/null
export M6_AUTOSTART=0
for n in 1 2 3 4 5 6; do cat plain.rgb >&3; done
exec 3>&-
checks=$((checks + 2))
wait $ffmpeg || bad "a host that is killed ends the video"
[ "$(grep -vc '^#' gone.md5)" -eq 9 ] || bad "a host that is killed: $(grep -vc '^#' gone.md5) frames, not 9"
checks=$((checks + 1))
grep -q m6gen gone.err || bad "a host that is killed is not told"
finish
