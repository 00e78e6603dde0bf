#!/usr/bin/env bash
# After the GPU: what base.sh brought back becomes a model that decides, is measured and ships.
#     training/runs/finish.sh
# Takes hours on a CPU: the engine as users run it makes the labels and the figures.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/base-settings.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
if [ -n "$old" ] && [ "$context" -gt 0 ]; then
  echo "error: OLD= teaches on prompts without chunks, and CONTEXT=$context serves some; CONTEXT=0" >&2
  exit 1
fi
share=$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["share"])' \
  "$back/pretrain.json")
if [ "${share%%.*}" -lt 1 ] && [ -z "${UNFINISHED:-}" ]; then
  echo "error: $back holds a run that is at $share of its budget, so not annealed: call base.sh" \
    "until it says \"finished\", or set UNFINISHED=1 to take it as it is" >&2
  exit 1
fi
if [ ! -e "$work/pretrain.pt" ] || [ "$back/pretrain.json" -nt "$work/pretrain.pt" ]; then
  cat "$back"/pretrain.gguf.* > "$work/pretrain.gguf"
  run restore "$work/pretrain.gguf" --progress "$back/pretrain.json" --out "$work/pretrain.pt"
fi
pretrained_elsewhere=1
. training/runs/stages.sh
