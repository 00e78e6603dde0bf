# What the runs share; sourced. A stage whose result stands is not repeated, unless it was made of
# other files or by another command: beside each result, RESULT.made says of what and how.

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=${PYTHON:-python}
export PYTHONPATH="server:index:.${PYTHONPATH:+:$PYTHONPATH}"
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive} # on shared cores spinning threads fight
mkdir -p "$work"
# glibc would hand every large tensor back to the kernel and have its pages zeroed again (LOG.md).
export GLIBC_TUNABLES=${GLIBC_TUNABLES:-glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184:glibc.malloc.top_pad=268435456:glibc.malloc.hugetlb=1}
tokenizer=$work/tokenizer.json

stage() { # stage RESULT PROGRAM ARGUMENTS...: run the program unless its result stands
  [ -e "$1" ] && as_before "$@" && return
  rm -f "$1" "$1.made"
  run "${@:2}"
  recipe "$@" > "$1.made"
}

grow() { # grow RESULT PROGRAM ARGUMENTS...: the same for a program that goes on with its result
  as_before "$@" || rm -f "$1"
  recipe "$@" > "$1.made"
  run "${@:2}"
}

as_before() { # whether what RESULT was made of, and how, is what is asked for now
  [ ! -e "$1.made" ] || [ "$(cat "$1.made")" = "$(recipe "$@")" ]
}

recipe() { # the command, and what is in the files that it reads
  local argument said=${*:2}
  said=${said//$work\//}
  sed 's/ --\(processes\|servers\) [0-9]*//g' <<< "$said"
  for argument in "${@:3}"; do
    [ "$argument" = "$1" ] || [ ! -f "$argument" ] || sha256sum < "$argument"
  done
}

run() {
  echo "== $*"
  "$python" -m "training.$1" "${@:2}"
}

corpus() {
  stage "$work/corpus.json" corpus --manifest "$manifest" --work "$work" --allowance "$allowance"
  stage "$tokenizer" tokenizer --corpus "$work/train.jsonl" --every "$tokenizer_every" \
    --vocabulary "$vocabulary" --out "$tokenizer"
}

examples() { # examples NAME SPLIT ARGUMENTS...
  stage "$work/$1.npz" examples --corpus "$work/$2.jsonl" --tokenizer "$tokenizer" \
    --processes "$processes" --out "$work/$1.npz" "${@:3}"
}

# Short sequences first: reading code is learned faster without retrieved context in the way.
all_examples() {
  examples plain train --context-share 0 --seed 11 \
    --chars-per-blank "${plain_chars_per_blank:-$chars_per_blank}"
  examples mixed train --context-share "${context_share:-0.5}" --chars-per-blank "$chars_per_blank"
  examples validation dev --chars-per-blank "$validation_chars_per_blank"
}

pretrain() { # pretrain ARGUMENTS...: as far as the budget, or an argument, lets it
  local options=(--validation "$work/validation.npz" --size "$size" --vocabulary "$vocabulary"
    --out "$work/pretrain.pt" $pretrain_budget "$@")
  run train pretrain --data "$work/plain.npz" --until "$plain_share" "${options[@]}"
  run train pretrain --data "$work/mixed.npz" "${options[@]}"
}

outcomes() { # outcomes NAME MODEL SPLIT N ARGUMENTS...: blanks as the engine completes them
  grow "$work/$1.jsonl" label --model "$work/$2.gguf" --corpus "$work/$3.jsonl" --n "$4" \
    --processes "$processes" --out "$work/$1.jsonl" "${@:5}"
}

export_pretrained() {
  stage "$work/pretrain.gguf" export --checkpoint "$work/pretrain.pt" --tokenizer "$tokenizer" \
    --edition "$edition pretrained" --context "${context:-0}" --out "$work/pretrain.gguf"
}
