#!/usr/bin/env bash
# Nano from nothing: about two hours on two cores, resumable. Results lie in training/work.
#     training/runs/nano.sh [FOLDER]
# Pre-training goes on from its checkpoint, pretrain.pt: delete that to begin again.
set -euo pipefail
work=$(realpath -m "${1:-training/work}")
gguf=${GGUF:-server/sidelong/data/nano.gguf} edition=${EDITION:-nano}
manifest=${MANIFEST:-training/corpus.toml} allowance=${ALLOWANCE:-2500000}
size=${SIZE:-nano} vocabulary=${VOCABULARY:-8192} tokenizer_every=${TOKENIZER_EVERY:-2}
processes=${PROCESSES:-2} context=${CONTEXT:-0} context_share=${CONTEXT_SHARE:-0.1}
chars_per_blank=${CHARS_PER_BLANK:-1500} plain_chars_per_blank=${PLAIN_CHARS_PER_BLANK:-6000}
validation_chars_per_blank=${VALIDATION_CHARS:-5000} plain_share=${PLAIN_SHARE:-0.2}
pretrain_budget=${PRETRAIN_BUDGET:---minutes ${MINUTES:-90} --batch-tokens 4096
  --matrix-rate 0.02 --other-rate 0.006}
n_mixture=${N_MIXTURE:-1500} n_labels=${N_LABELS:-7000} n_dev=${N_DEV:-1000}
n_held_out=${N_HELD_OUT:-1500} n_served=${N_SERVED:-1200}
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

examples() { # examples NAME SPLIT ARGUMENTS...
  stage "$work/$1.npz" examples --corpus "$work/$2.jsonl" --tokenizer "$tokenizer" \
    --processes "$processes" --out "$work/$1.npz" "${@:3}"
}

pretrain() { # pretrain EXAMPLES ARGUMENTS...: as far as the budget, or an argument, lets it
  run train pretrain --data "$work/$1.npz" --validation "$work/validation.npz" --size "$size" \
    --vocabulary "$vocabulary" --out "$work/pretrain.pt" $pretrain_budget "${@:2}"
}

corpus
stage "$tokenizer" tokenizer --corpus "$work/train.jsonl" --every "$tokenizer_every" \
  --vocabulary "$vocabulary" --out "$tokenizer"
# Short sequences first: reading code is learned faster without retrieved context in the way.
examples plain train --context-share 0 --seed 11 --chars-per-blank "$plain_chars_per_blank"
examples mixed train --context-share "$context_share" --chars-per-blank "$chars_per_blank"
examples validation dev --chars-per-blank "$validation_chars_per_blank"
pretrain plain --until "$plain_share"
pretrain mixed
pretrained=$work/pretrain.gguf embedding=q8_0
stage "$pretrained" export --checkpoint "$work/pretrain.pt" --tokenizer "$tokenizer" \
  --edition "$edition" --context "$context" --out "$pretrained"
. training/runs/stages.sh
