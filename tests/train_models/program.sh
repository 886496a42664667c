#!/bin/sh
# m6-train as people meet it: exit statuses, one sentence for each mistake, and a stop that can be gone on from.
#   sh program.sh M6-TRAIN
set -eu
train=$1
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"

fail() {
    echo "$*" >&2
    cat err >&2
    exit 1
}

# expect STATUS TEXT COMMAND…: how it ends, and what its one line says.
expect() {
    status=$1 text=$2
    shift 2
    got=0
    "$@" >out 2>err || got=$?
    [ "$got" = "$status" ] || fail "$*: exit status $got, expected $status"
    grep -qF -- "$text" out err || fail "$*: does not say: $text"
    [ "$status" = 0 ] || [ "$status" = 130 ] || [ "$(wc -l <err)" = 1 ] || fail "$*: more than one line"
}

recipe() {
    printf '%s' "$1" >r.json
}

expect 0 'Usage: m6 train' "$train" --help
expect 2 'name a recipe' "$train"
expect 2 'one recipe at a time' "$train" a.json b.json
expect 2 '--steps wants' "$train" --steps 0 r.json
expect 2 '--threads wants' "$train" --threads x r.json
expect 2 'unrecognized option' "$train" --bogus r.json
expect 2 '-o PATH' "$train" export r.json
expect 2 '-o is for export' "$train" r.json -o x
expect 3 'cannot open gone.json' "$train" gone.json
recipe '{"kind": "bpe"'
expect 3 'r.json is not valid JSON' "$train" r.json
recipe '{"kind": "bpe", "stepz": 1}'
expect 3 'unknown field "stepz"' "$train" r.json
recipe '{"kind": "bpe", "folder": "bpe", "batch": {"texts": 4}, "data": {"source": "elsewhere"}}'
expect 3 '"data.source" knows "storyworld" only' "$train" r.json
recipe '{"kind": "bpe", "folder": "bpe", "batch": {"texts": 4}, "data": {"manifest": "data.jsonl"}}'
expect 3 'cannot open ./data.jsonl' "$train" r.json
printf '{"image": "gone.png"}\n' >data.jsonl
expect 3 'data.jsonl line 1: cannot read ./gone.png' "$train" r.json
printf '{"script": "INT. ROOM", "idea": "a cat wakes up", "shots": 1}\n' >data.jsonl
expect 0 'tokens in m6-training/bpe/tokenizer.json' "$train" r.json
expect 0 'tokens in deep/er/bpe/tokenizer.json' "$train" --work deep/er r.json
expect 3 'export that one' "$train" export r.json -o x

cat >config.json <<'END'
{"model_type": "m6", "name": "toy", "d_model": 32, "layers": 2, "heads": 2, "ffn": 64, "experts": 4, "prototypes": 2,
 "expert_ffn": 32, "sparse_every": 2, "vocab": 320, "text_max": 64, "width": 64, "height": 48, "stem": [8, 16, 16],
 "code_w": 4, "code_h": 3, "slots": 4, "codes": 100, "levels": [5, 5, 4], "depth_ffn": 32, "tok_channels": [16, 24],
 "tok_encoder_blocks": [0, 1], "tok_decoder_blocks": [0, 1]}
END
recipe '{"kind": "image_tokenizer", "config": "config.json", "folder": "image", "data": {"source": "storyworld"},
 "steps": 1000000, "batch": {"pictures": 2}, "threads": 1, "eval": {"every": 1000000, "batches": 1}}'
"$train" r.json >out 2>err &
process=$!
sleep 1
kill -INT $process
got=0
wait $process || got=$?
[ "$got" = 130 ] || fail "interrupted: exit status $got, expected 130"
grep -q 'the same command goes on' err || fail "does not say how to go on"
done=$(ls m6-training/image | sed -n 's/^step-0*\([0-9]*\).*/\1/p')
[ "$done" -gt 0 ] || fail "no checkpoint"
expect 0 "resuming after step $done of $((done + 1))" "$train" --steps $((done + 1)) r.json
grep -q '^{"event":"eval"' m6-training/image/log.jsonl || fail "no evaluation in the log"
expect 0 'from step 0 of 2' "$train" --fresh --steps 2 r.json
expect 3 'export that one' "$train" export r.json -o x
printf 'x' >m6-training/image/step-00000009.safetensors
expect 3 'step-00000009.safetensors' "$train" --steps 10 r.json
