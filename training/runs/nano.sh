#!/usr/bin/env bash
# The nano model from nothing: about two hours on two cores, resumable. Results lie in training/work.
#     training/runs/default.sh [FOLDER]
set -euo pipefail
work=$(realpath -m "${1:-training/work}")
gguf=${GGUF:-server/sidelong/data/default.gguf} edition=${EDITION:-fourth}
manifest=training/corpus.toml allowance=2500000
size=nano vocabulary=8192 tokenizer_every=2 processes=${PROCESSES:-2}
chars_per_blank=1500 plain_chars_per_blank=6000 validation_chars_per_blank=5000 context_share=0.1
pretrain_budget="--minutes ${MINUTES:-90} --batch-tokens 4096 --matrix-rate 0.02 --other-rate 0.006"
plain_share=0.2
old=${OLD:-} # a checkpoint to keep to where it was right
n_mixture=1500 n_labels=${N_LABELS:-7000} n_dev=1000 n_held_out=1500 n_served=1200
. "$(dirname "${BASH_SOURCE[0]}")/stages.sh"
