# From a script to an animatic: what is made, how long it is, and that people's own scripts are read.
. "$(dirname "$0")/lib.sh"
command -v ffprobe >/dev/null || skip "no ffprobe to look at videos with"
probe() { ffprobe -v error -of csv=p=0 "$@"; }

# As people write: a title page with emphasis, notes, boneyard, dialogue, a forced heading, Windows line ends.
printf '%s\r\n' 'Title: _**The Red Cat**_' 'Author: somebody' '' '# Act one' '' '= It begins.' '' \
    'EXT. BEACH - DUSK #1#' '' 'A *red* cat [[which one?]] walks. The camera pans left.' '' 'CAT' '(softly)' 'Miaow.' '' \
    '/* cut' '' 'INT. NOWHERE - DAY' '' 'Nobody. */' '' '.ROOF - NIGHT' '' '!A red cat jumps.' '' 'CUT TO:' '' \
    'int. room' '' 'A red cat sleeps. Zoom in.' >own.fountain
cp own.fountain before.fountain
expect 0 "a script of one's own" "$M6" storyboard --script own.fountain -o board.mp4 --size 320x180 --fps 10 \
    --seconds-per-shot 1.5 --best 1 --seed 3 --json
json out title="The Red Cat" shots.#=3 shots.0.place=BEACH shots.0.time=DUSK shots.0.number=1 \
    "shots.0.action=A red cat walks. The camera pans left." "shots.0.move=pan left" shots.1.place=ROOF shots.1.time=NIGHT \
    "shots.1.action=A red cat jumps." "shots.2.move=zoom in" shots.2.time= seed=3 video=board.mp4
for file in board.mp4 board.fountain board.srt board-001.png board-002.png board-003.png; do
    ok "$file is there" test -s $file
done
ok "the script is kept as it was" cmp own.fountain board.fountain
ok "frames and length" test "$(probe -count_frames -show_entries stream=width,height,nb_read_frames board.mp4)" = 320,180,45
name="captions"
says board.srt '00:00:01,500 --> 00:00:03,000'

# Whatever memory held before.
expect 0 "again" env MALLOC_PERTURB_=170 "$M6" storyboard --script own.fountain -o again.mp4 --size 320x180 --fps 10 --seconds-per-shot 1.5 \
    --best 1 --seed 3 --threads 1 -q
ok "same seed, same video" cmp board.mp4 again.mp4
ok "same seed, same picture" cmp board-003.png again-003.png

expect 0 "in place of itself" "$M6" storyboard --script own.fountain -o own.mp4 --preset draft -q
ok "the script is untouched" cmp own.fountain before.fountain
ok "the preset's rate" test "$(probe -select_streams v -show_entries stream=r_frame_rate own.mp4)" = 12/1

expect 0 "captions as a track" "$M6" storyboard --script own.fountain -o mux.mkv --size 320x180 --fps 10 --captions mux \
    --seconds-per-shot 1 --best 1 -q
ok "there is one" test "$(probe -select_streams s -show_entries stream=codec_type mux.mkv)" = subtitle
expect 0 "tall" "$M6" storyboard --script own.fountain -o tall.mp4 --size 180x320 --fps 5 --seconds-per-shot 1 --best 1 -q
expect 0 "odd size" "$M6" storyboard --script own.fountain -o odd.mp4 --size 321x181 --fps 5 --seconds-per-shot 1 --best 1 -q

printf 'EXT. 海滩 - 黄昏 #1#\n\n红色的猫。镜头右摇。\n' >zh.fountain
expect 0 "a Chinese script" "$M6" storyboard --script zh.fountain -o zh.mp4 --size 320x180 --fps 10 --best 1 --json
json out "shots.0.place=海滩" "shots.0.move=pan right"
if [ $trained = yes ]; then
    expect 0 "from an idea" "$M6" storyboard "a red cat on the beach at night" --shots 2 --preset draft -o idea.mp4 --seed 1
    ok "its script" grep -q '^EXT\. ' idea.fountain
fi
no_leftovers
finish
