#!/usr/bin/env bash
# On the machine with the GPU: pre-train the base model. Call it until it says "finished".
#     training/runs/base.sh
# Each call takes AT_MOST minutes (8) and goes on where the last one stopped, from STATE, a folder
# that stays on that machine. Every call leaves its results in OUT: the model so far as Q8_0, in
# parts of at most 14 MiB, and its progress. FROM, a folder with such results, is where a new
# machine goes on from. The recipe is in base-settings.sh.
set -euo pipefail
begun=$SECONDS
. "$(dirname "${BASH_SOURCE[0]}")/base-settings.sh"
work=${STATE:-/var/tmp/sidelong-base}
PYTHON=${PYTHON:-python3}
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

(cd "$carry" && sha256sum --check --quiet SHA256SUMS) || {
  echo "error: $carry is missing or incomplete; make it with bundle.sh and bring it" >&2
  exit 1
}
[ -e "$work/SHA256SUMS" ] || cp "$carry/SHA256SUMS" "$work/"
cmp -s "$carry/SHA256SUMS" "$work/SHA256SUMS" || {
  echo "error: $work was begun with another bundle; remove it, or name another STATE" >&2
  exit 1
}
if [ -n "$(ls "$carry/wheels")" ] && [ ! -e "$work/site/done" ]; then
  "$python" -m pip install --quiet --no-index --no-deps --no-compile --upgrade \
    --target "$work/site" "$carry"/wheels/*.whl
  touch "$work/site/done"
fi
export PYTHONPATH="$PYTHONPATH:$work/site"
export TORCHINDUCTOR_CACHE_DIR=${TORCHINDUCTOR_CACHE_DIR:-$work/compiled}
"$python" - "$pretrain_budget" <<'CHECK'
import sys

try:
    import numpy, tokenizers, torch
    import gguf, sidelong_index
    import training.checkpoints, training.examples, training.export, training.restore
    import training.train  # needs torch.optim.Muon, PyTorch 2.9
    torch.optim.Muon
except (ImportError, AttributeError) as missing:
    sys.exit(f"error: this machine cannot train: {missing}")
if "--device cuda" in sys.argv[1] and not torch.cuda.is_available():
    sys.exit("error: PyTorch sees no GPU here; PRETRAIN_BUDGET without --device cuda needs none")
gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
print(f"Python {sys.version.split()[0]}, torch {torch.__version__}, {gpu}")
CHECK
[ -e "$tokenizer" ] || tar -C "$work" -xJf "$carry/corpus.tar.xz"
all_examples

if [ ! -e "$work/pretrain.pt" ] && [ -n "${FROM:-}" ]; then
  cat "$FROM"/pretrain.gguf.* > "$work/from.gguf"
  run restore "$work/from.gguf" --progress "$FROM/pretrain.json" --out "$work/pretrain.pt"
fi

left=$("$python" -c "print(max(0.1, ${AT_MOST:-8} - ($SECONDS - $begun) / 60))")
at_end=$("$python" -c "import time; print(time.time() + 60 * $left)")
pretrain --stop-at "$at_end"

export_pretrained
mkdir -p "$back"
rm -f "$back"/pretrain.gguf.*
split --bytes=14M --numeric-suffixes "$work/pretrain.gguf" "$back/pretrain.gguf."
cp "$work/pretrain.json" "$back/"
"$python" - "$work/pretrain.json" <<'SAY'
import json, sys
progress = json.load(open(sys.argv[1]))
done = progress["share"] >= 1
print(f"{'finished' if done else 'call again'}: {progress['share']:.0%}, step {progress['step']}")
SAY
