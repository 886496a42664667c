#!/bin/sh
# Trains M6-mini from nothing: judge, image tokenizer and more of its decoder, vocabulary, model in five stages; then
# writes the release folder.
# Every part resumes where it was stopped, so the same command goes on.
#
#   sh engine/models/m6-mini/train.sh [WORK_FOLDER [RELEASE_FOLDER]]
#
# M6_TRAIN names the program if it is not in build/release.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-m6-training}
release=${2:-$work/m6-mini}
train=${M6_TRAIN:-$here/../../../build/release/libexec/m6/m6-train}
run() {
    "$train" --work "$work" "$here/recipe/$1.json"
}
run judge
"$train" export --work "$work" "$here/recipe/judge.json" -o "$work/judge.safetensors"
run image-tokenizer
run image-decoder
run bpe
run m6
run m6-further
run m6-clips
run m6-drawings
run m6-finish
"$train" export --work "$work" "$here/recipe/m6-finish.json" -o "$release"
