#!/usr/bin/env bash
# Every stage on a CPU within three minutes: proof that the recipe runs, not a model worth having.
#     training/runs/tiny.sh [FOLDER]
set -euo pipefail
work=$(realpath -m "${1:-training/work/tiny}")
gguf=$work/tiny.gguf edition=tiny
manifest=training/tiny.toml allowance=120000
size=tiny vocabulary=1024 tokenizer_every=1 processes=${PROCESSES:-2}
chars_per_blank=1200 validation_chars_per_blank=4000
pretrain_budget="--steps 60 --batch-tokens 2048 --matrix-rate 0.03 --other-rate 0.01"
plain_share=0.5
n_labels=24 n_dev=12 n_held_out=12
. "$(dirname "${BASH_SOURCE[0]}")/stages.sh"
