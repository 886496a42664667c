# m6 escape: texts written for a program arrive in it, byte for byte. All go through each program at once, in a chain of filters.
. "$(dirname "$0")/lib.sh"

cat >texts <<'END'
a red cat
it's 4:30 | bar, [ok]; a\b
prompt=a:b=c
 spaces at both ends  
"quoted"
say "hi" to \ and '
a\
\\'
key=1;2="x",3
@1+2
50% of $HOME `date` #1 {a} *?
画一只红色的猫，夜里
émile | ünïcode — “dash”
0=a;10=b
!
'
a=b "c" d
END
# A line end inside, and as the first sign.
printf 'two\\nlines\n\\n\\tends\n' >coded
total=$(($(wc -l <texts) + $(wc -l <coded)))

# text N: the Nth, with its line ends.
text() {
    n=$(wc -l <texts)
    if [ "$1" -le "$n" ]; then
        sed -n "$1p" texts
    else
        printf '%b' "$(sed -n "$(($1 - n))p" coded)"
        echo
    fi
}
# Each as m6probe writes it.
for i in $(seq $total); do
    t=$(text "$i"; echo .) && t=${t%??}
    printf 'first=%s\n' "$(printf '%s' "$t" | sed 's/\\/\\\\/g' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }')"
done >wanted

# arrived NAME: what m6probe wrote is what was meant.
arrived() {
    checks=$((checks + total))
    grep '^first=' probe | head -n "$total" >got # melt renders more than is shown
    cmp -s wanted got || bad "$1: $(diff wanted got | head -n 6)"
    rm -f probe
}
export M6_PROBE="$work/probe"

# ---- our own strings of options ----
for i in $(seq $total); do
    t=$(text "$i"; echo .) && t=${t%??}
    expect 0 "options $i" "$M6" escape --for options "$t"
    ok "options $i" "$harness" options "seed=3:prompt=$(cat out; echo :seed=4)" "$t"
done

# ---- ffmpeg ----
if has ffmpeg; then
    graph=
    printed=
    for i in $(seq $total); do
        t=$(text "$i"; echo .) && t=${t%??}
        graph="$graph,frei0r=filter_name=m6probe:filter_params=$("$M6" escape --for frei0r "$t")|x"
        printed="$printed,metadata=mode=add:key=first$i:value=$("$M6" escape --for ffmpeg "$t")"
    done
    expect 0 "frei0r in ffmpeg" ffmpeg -v error -nostdin -f lavfi -i color=red:s=16x16:r=1:d=1 -vf "${graph#,}" -f null -
    arrived "frei0r in ffmpeg"
    # The same two levels as an option of any filter.
    expect 0 "an option in ffmpeg" ffmpeg -v error -nostdin -f lavfi -i color=red:s=16x16:r=1:d=1 -vf "${printed#,},metadata=mode=print:file=printed" -f null -
    for i in $(seq $total); do
        text "$i" | sed "1s/^/first$i=/"
    done | sort >wanted.printed
    sed '1d' printed | sort >got.printed
    checks=$((checks + total))
    cmp -s wanted.printed got.printed || bad "an option in ffmpeg: $(diff wanted.printed got.printed | head -n 6)"
fi

# ---- gst-launch ----
if has gst-launch-1.0 && gst-inspect-1.0 frei0r-filter-m6probe >/dev/null 2>&1; then
    set --
    for i in $(seq $total); do
        t=$(text "$i"; echo .) && t=${t%??}
        set -- "$@" ! frei0r-filter-m6probe "first=$("$M6" escape --for gst "$t")" 'second="x y"'
    done
    expect 0 "gst-launch" gst-launch-1.0 -q videotestsrc num-buffers=1 ! video/x-raw,format=RGBA,width=16,height=16 "$@" ! fakesink
    arrived "gst-launch"
fi

# ---- melt ----
if has melt; then
    set --
    for i in $(seq $total); do
        t=$(text "$i"; echo .) && t=${t%??}
        set -- "$@" -attach frei0r.m6probe "First=$("$M6" escape --for melt "$t")"
    done
    ok "melt" timeout 200 melt -silent color:red in=0 out=0 "$@" -consumer null real_time=-1 terminate_on_pause=1 </dev/null
    arrived "melt"
fi
expect 3 "what melt cannot be given" "$M6" escape --for melt 'a "b"; c=d'
says err "prompt_file"

# ---- the command itself ----
expect 0 "all of them" "$M6" escape "it's"
for front in ffmpeg frei0r options gst melt; do
    says out "^$front "
done
expect 0 "json" "$M6" escape --json "it's"
json out "melt.text=it's" "options.text=it\\'s"
expect 0 "json of one" "$M6" escape --json --for gst "a cat"
json out 'text="a cat"'
# What is printed for a shell is that for a shell.
checks=$((checks + 1))
"$M6" escape "it's 4:30 \$HOME" | sed -n 's/^melt *-attach frei0r.m6gen //p' >word
[ "$(eval "printf '%s' $(cat word)")" = "Prompt=it's 4:30 \$HOME" ] || bad "for a shell: $(cat word)"
expect 2 "another front" "$M6" escape --for avisynth "a cat"
expect 2 "no text" "$M6" escape
expect 0 "an empty text" "$M6" escape --for gst ""
says out '^""$'
finish
