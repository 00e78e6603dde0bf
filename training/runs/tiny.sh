#!/usr/bin/env bash
# Every stage on a CPU within three minutes: proof that the recipe runs, not a model worth having.
# It goes the way of the base model: bundle, a call on each of two other machines, finish.
#     training/runs/tiny.sh [FOLDER]
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
export WORK=$(realpath -m "${1:-training/work/tiny}")
export GGUF=$WORK/tiny.gguf EDITION=tiny MANIFEST=training/tiny.toml ALLOWANCE=120000
export SIZE=tiny VOCABULARY=1024 TOKENIZER_EVERY=1 PROCESSES=${PROCESSES:-2}
export CHARS_PER_BLANK=1200 VALIDATION_CHARS=4000
export PLAIN_SHARE=0.5 N_MIXTURE=24 N_LABELS=24 N_DEV=12 N_HELD_OUT=12 N_SERVED=6
export STATE=$WORK/state OUT=$WORK/back WHEELS= XZ=0
budget="--steps 60 --batch-tokens 2048 --matrix-rate 0.03 --other-rate 0.01"
"$here/bundle.sh"
PRETRAIN_BUDGET="$budget --until 0.5" "$here/base.sh"
FROM=$OUT STATE=$WORK/state2 PRETRAIN_BUDGET=$budget "$here/base.sh"
"$here/finish.sh"
