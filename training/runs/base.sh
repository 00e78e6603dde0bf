#!/usr/bin/env bash
# The default model: cut from a pretrained one, healed on one GPU, and taught to decide. Resumable.
#     SOURCE=QWEN.gguf training/runs/base.sh [FOLDER]
#     BASE=HEALED.gguf training/runs/base.sh [FOLDER]    # goes on from a healed one, no teacher
# PARTS names what is done here, by default all of it: "prepare" takes two cores an hour; "heal" one
# GPU a quarter of an hour; "finish" cores for hours, for the engine as users run it makes the
# labels and the figures. Between machines only files of FOLDER travel (training/README.md).
set -euo pipefail
work=$(realpath -m "${1:-training/work/base}")
parts=${PARTS:-prepare heal finish}
source=${SOURCE:+$(realpath -m "$SOURCE")} base=${BASE:+$(realpath -m "$BASE")}
gguf=${GGUF:-server/sidelong/data/default.gguf} edition=${EDITION:-fourth}
manifest=${MANIFEST:-training/corpus.toml} allowance=${ALLOWANCE:-5000000}
processes=${PROCESSES:-$(nproc)} seed=${SEED:-1}
chars_per_blank=${CHARS_PER_BLANK:-2900} validation_chars_per_blank=${VALIDATION_CHARS:-6000}
rule=${RULE:---first 8000 --least 40}
shape=${SHAPE:---rows 4 --row-tokens 16384} keep=${KEEP:-1536}
budget=${BUDGET:---minutes ${MINUTES:-9}} at_most=${AT_MOST:-inf}
n_mixture=${N_MIXTURE:-1500} n_labels=${N_LABELS:-4000} n_dev=${N_DEV:-1000}
n_held_out=${N_HELD_OUT:-1500} n_served=${N_SERVED:-1200}
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
pretrained=$work/base.gguf embedding=q5_0
cache=${CACHE:-none} # or fitted: the workspace cache costs this model more than it brings (LOG.md)

documents() { # documents NAME SPLIT ARGUMENTS...
  stage "$work/$1.npz" base.sample --corpus "$work/$2.jsonl" --tokenizer "$tokenizer" \
    --processes "$processes" --out "$work/$1.npz" "${@:3}"
}

prepare() {
  if [ -z "$source$base" ]; then
    echo "error: nothing to start from; set SOURCE to the GGUF of Qwen2.5-Coder-0.5B-Instruct" \
      "(sidelong model pull), or BASE to a model that was healed" >&2
    exit 1
  fi
  corpus
  if [ -n "$base" ]; then
    stage "$tokenizer" base.vocabulary --of "$base" --out "$tokenizer"
    rm -f "$work/teacher.gguf" "$work/student.gguf.made"
    cmp -s "$base" "$work/student.gguf" || cp "$base" "$work/student.gguf"
  else
    stage "$tokenizer" base.vocabulary --source "$source" --corpus "$work/train.jsonl" $rule \
      --out "$tokenizer"
    stage "$work/teacher.gguf" base.teacher --source "$source" --tokenizer "$tokenizer" \
      --edition "$edition" --out "$work/teacher.gguf"
  fi
  documents documents train --chars-per-blank "$chars_per_blank" --seed "$seed"
  documents validation dev --chars-per-blank "$validation_chars_per_blank"
}

heal() {
  local plan=(--student "$work/student.gguf" --rate 2e-4 --decay-from 0 --decision-from 0
    --quantised-from 0)
  if [ -e "$work/teacher.gguf" ]; then
    stage "$work/student.gguf" base.cut --teacher "$work/teacher.gguf" --keep "$keep" $shape \
      --documents "$work/documents.npz" --out "$work/student.gguf"
    plan=(--student "$work/student.gguf" --teacher "$work/teacher.gguf")
  fi
  plan=(base.distil "${plan[@]}" --documents "$work/documents.npz" --seed "$seed" $shape $budget
    --validation "$work/validation.npz" --at-most "$at_most" --out "$pretrained")
  # Its state, base.pt, goes on only as long as the run is the same.
  as_before "$pretrained" "${plan[@]}" || rm -f "$pretrained" "$work/base.pt"
  recipe "$pretrained" "${plan[@]}" > "$pretrained.made"
  [ -e "$pretrained" ] || run "${plan[@]}"
  [ -e "$pretrained" ] || exit 0 # it has said how far it came
}

for part in $parts; do
  case $part in
    prepare) prepare ;;
    heal) heal ;;
    finish) . training/runs/stages.sh ;;
    *) echo "error: PARTS knows prepare, heal and finish, not $part" >&2 && exit 1 ;;
  esac
done
