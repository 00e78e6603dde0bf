#!/usr/bin/env bash
# Suffix first or prefix first? Two models, alike but for the order of the prompt, at equal steps.
#     CORPUS=FOLDER training/runs/orders.sh [FOLDER]
# CORPUS holds what `corpus` made. Reports for each order the losses, edit similarity on the dev
# packages through the engine without the workspace cache, and the tokens a keystroke evaluates.
set -euo pipefail
work=$(realpath -m "${1:-training/work/orders}")
corpus=$(realpath -m "${CORPUS:-training/work/base}")
size=${SIZE:-nano} vocabulary=${VOCABULARY:-4096} steps=${STEPS:-400} n=${N:-400}
split=${SPLIT:-decide} processes=${PROCESSES:-2} edition=experiment
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
stage "$tokenizer" tokenizer --corpus "$corpus/$split.jsonl" --vocabulary "$vocabulary" \
  --out "$tokenizer"

for order in suffix prefix; do
  there=$work/$order
  mkdir -p "$there"
  option=()
  [ "$order" = suffix ] || option=(--prefix-first)
  for part in "$split" dev; do
    stage "$there/$part.npz" examples --corpus "$corpus/$part.jsonl" --tokenizer "$tokenizer" \
      --context-share 0 --chars-per-blank 1200 --processes "$processes" \
      --out "$there/$part.npz" "${option[@]}"
  done
  run train pretrain --data "$there/$split.npz" --validation "$there/dev.npz" --size "$size" \
    --vocabulary "$vocabulary" --steps "$steps" --batch-tokens 4096 --matrix-rate 0.02 \
    --other-rate 0.006 --save-minutes 60 --out "$there/model.pt"
  stage "$there/model.gguf" export --checkpoint "$there/model.pt" --tokenizer "$tokenizer" \
    --edition "$edition" --out "$there/model.gguf" "${option[@]}"
  run label --no-cache --model "$there/model.gguf" --corpus "$corpus/dev.jsonl" --n "$n" \
    --processes "$processes" --out "$there/outcomes.jsonl"
  echo "== $order first"
  "$python" - "$there/outcomes.jsonl" <<'SCORE'
import sys
from pathlib import Path
from sidelong.evaluation.metrics import bootstrap_interval
from training.outcomes import read
outcomes = read(Path(sys.argv[1]))
for name, scores in {
    "edit similarity": [o.without.edit_similarity for o in outcomes],
    "exact match": [float(o.without.exact) for o in outcomes],
}.items():
    i = bootstrap_interval(scores)
    print(f"{name} {100 * i.mean:.1f} ({100 * i.low:.1f} to {100 * i.high:.1f}), {len(scores)} blanks")
SCORE
  "$python" bench/keystrokes.py "$there/model.gguf"
done
