#!/usr/bin/env bash
# Nano's every stage on a CPU within three minutes: proof that it runs, not a model worth having.
#     training/runs/tiny.sh [FOLDER]
set -euo pipefail
export GGUF=$(realpath -m "${1:-training/work/tiny}")/tiny.gguf
export EDITION=tiny MANIFEST=training/tiny.toml ALLOWANCE=120000
export SIZE=tiny VOCABULARY=1024 TOKENIZER_EVERY=1 CONTEXT=320 CONTEXT_SHARE=0.5
export CHARS_PER_BLANK=1200 PLAIN_CHARS_PER_BLANK=1200 VALIDATION_CHARS=4000 PLAIN_SHARE=0.5
export PRETRAIN_BUDGET="--steps 60 --batch-tokens 2048 --matrix-rate 0.03 --other-rate 0.01"
export N_MIXTURE=24 N_LABELS=24 N_DEV=12 N_HELD_OUT=12 N_SERVED=6
"$(dirname "${BASH_SOURCE[0]}")/nano.sh" "${1:-training/work/tiny}"
