#!/usr/bin/env bash
# What small models gain by what, at equal tokens: short runs that differ in one thing each.
#     CORPUS=FOLDER training/runs/ablations.sh [FOLDER]
# CORPUS holds what `corpus` made. The losses are per token; where vocabularies differ they are
# also divided by the characters a token stands for in the dev packages.
set -euo pipefail
work=$(realpath -m "${1:-training/work/ablations}")
corpus=$(realpath -m "${CORPUS:-training/work}")
size=${SIZE:-nano} steps=${STEPS:-250} split=${SPLIT:-decide} processes=${PROCESSES:-2}
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

data() { # data VOCABULARY CONTEXT_SHARE: examples to train on and to validate on
  local tokenizer=$work/tokenizer-$1.json part
  stage "$tokenizer" tokenizer --corpus "$corpus/$split.jsonl" --vocabulary "$1" --out "$tokenizer"
  for part in "$split" dev; do
    stage "$work/$part-$1-$2.npz" examples --corpus "$corpus/$part.jsonl" --processes "$processes" \
      --tokenizer "$tokenizer" --context-share "$2" --chars-per-blank 2000 \
      --out "$work/$part-$1-$2.npz"
  done
}

try() { # try NAME VOCABULARY CONTEXT_SHARE ARGUMENTS...
  local name=$1 vocabulary=$2 share=$3
  data "$vocabulary" "$share"
  data "$vocabulary" 0.5 # all are judged on the same, half of it with context
  [ -e "$work/$name.pt" ] || run train pretrain --data "$work/$split-$vocabulary-$share.npz" \
    --validation "$work/dev-$vocabulary-0.5.npz" --size "$size" --vocabulary "$vocabulary" \
    --steps "$steps" --batch-tokens 4096 --matrix-rate 0.02 --other-rate 0.006 \
    --save-minutes 60 --log-every "$((steps / 2))" --out "$work/$name.pt" "${@:4}" |
    tee "$work/$name.log"
}

try reference 4096 0.5
try adamw-0.003 4096 0.5 --adamw --matrix-rate 0.003 --other-rate 0.003
try adamw-0.006 4096 0.5 --adamw --matrix-rate 0.006 --other-rate 0.006
try anneal-at-once 4096 0.5 --decay-from 0.02
try anneal-late 4096 0.5 --decay-from 0.8
try deeper 4096 0.5 --size 192x7x3x1x576
try wider 4096 0.5 --size 320x2x5x5x1152
try vocabulary-2048 2048 0.5
try vocabulary-8192 8192 0.5
try no-context 4096 0
try batch-8192 4096 0.5 --batch-tokens 8192 --steps "$((steps / 2))"

"$python" - "$work" "$corpus/dev.jsonl" <<'TABLE'
import re, sys
from pathlib import Path
import torch
from training import checkpoints
from training.corpus import read
from training.model import parameters
from training.tokenizer import load

work = Path(sys.argv[1])
texts = [file.text for file in read(Path(sys.argv[2]))]
print("| run | parameters | tokens/s | text | target | text, context | target, context | text, a character |")
print("|---|---|---|---|---|---|---|---|")
per_token = {}
for log in sorted(work.glob("*.log"), key=lambda path: path.stat().st_mtime):
    model = checkpoints.load(log.with_suffix(".pt"))
    v = model.shape.vocabulary
    if v not in per_token:
        tokenize = load(work / f"tokenizer-{v}.json").tokenize
        per_token[v] = sum(map(len, texts)) / sum(len(tokenize(text)) for text in texts)
    said = log.read_text()
    losses = re.findall(r"(?:text|target) ([\d.]+)", said.splitlines()[-1])
    speed = re.findall(r"(\d+) tokens/s", said)[-1]
    cells = [log.stem, f"{parameters(model) / 1e6:.2f} M", speed, *losses]
    print("| " + " | ".join([*cells, f"{float(losses[0]) / per_token[v]:.3f}"]) + " |")
TABLE
