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
  sed 's/ --\(processes\|servers\|at-most\) [0-9.inf]*//g' <<< "$said"
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
}

outcomes() { # outcomes NAME MODEL SPLIT N ARGUMENTS...: blanks as the engine completes them
  grow "$work/$1.jsonl" label --model "$work/$2.gguf" --corpus "$work/$3.jsonl" --n "$4" \
    --processes "$processes" --out "$work/$1.jsonl" "${@:5}"
}
