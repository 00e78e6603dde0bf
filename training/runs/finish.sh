#!/usr/bin/env bash
# After the GPU: what base.sh brought back becomes a model that decides, is measured and ships.
#     training/runs/finish.sh
# Takes hours on a CPU: the engine as users run it makes the labels and the figures.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/base-settings.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
if [ ! -e "$work/pretrain.pt" ]; then
  cat "$back"/pretrain.gguf.* > "$work/pretrain.gguf"
  run checkpoints "$work/pretrain.gguf" --progress "$back/pretrain.json" --out "$work/pretrain.pt"
fi
. training/runs/stages.sh
