# The recipe: every stage from named packages to a GGUF, in order. Sourced by the runs, which set
# manifest, work, gguf, edition, size, vocabulary and what each stage may use.
# A stage whose result stands is not repeated, and a stopped one goes on, so a run can be resumed.

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=${PYTHON:-python}
export PYTHONPATH="server:index:.${PYTHONPATH:+:$PYTHONPATH}"
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive} # on shared cores spinning threads fight
mkdir -p "$work"

stage() { # stage RESULT PROGRAM ARGUMENTS...: run the program unless its result stands
  local result=$1
  shift
  [ -e "$result" ] || run "$@"
}

run() {
  echo "== $*"
  "$python" -m "training.$1" "${@:2}"
}

examples() { # examples NAME SPLIT ARGUMENTS...
  stage "$work/$1.npz" examples --corpus "$work/$2.jsonl" --tokenizer "$tokenizer" \
    --processes "$processes" --out "$work/$1.npz" "${@:3}"
}

tokenizer=$work/tokenizer.json
stage "$work/corpus.json" corpus --manifest "$manifest" --work "$work" --allowance "$allowance"
stage "$tokenizer" tokenizer --corpus "$work/train.jsonl" --every "$tokenizer_every" \
  --vocabulary "$vocabulary" --out "$tokenizer"

# Short sequences first: reading code is learned faster without retrieved context in the way.
examples plain train --context-share 0 --seed 11 --chars-per-blank "$chars_per_blank"
examples mixed train --chars-per-blank "$chars_per_blank"
examples validation dev --chars-per-blank "$validation_chars_per_blank"
pretrain() {
  run train pretrain --validation "$work/validation.npz" --size "$size" \
    --vocabulary "$vocabulary" --out "$work/pretrain.pt" $pretrain_budget "$@"
}
pretrain --data "$work/plain.npz" --until "$plain_share"
pretrain --data "$work/mixed.npz"
stage "$work/pretrain.gguf" export --checkpoint "$work/pretrain.pt" --tokenizer "$tokenizer" \
  --edition "$edition pretrained" --out "$work/pretrain.gguf"

# Labels: what retrieval does to completions in packages that were not pre-trained on.
run label --model "$work/pretrain.gguf" --corpus "$work/decide.jsonl" --n "$n_labels" \
  --processes "$processes" --out "$work/labels.jsonl"
stage "$work/decide.npz" decision --labels "$work/labels.jsonl" --corpus "$work/decide.jsonl" \
  --tokenizer "$tokenizer" --out "$work/decide.npz"
stage "$work/decide.pt" head --init "$work/pretrain.pt" --data "$work/decide.npz" \
  --tokenizer "$tokenizer" --out "$work/decide.pt"
stage "$work/decide.gguf" export --checkpoint "$work/decide.pt" --tokenizer "$tokenizer" \
  --edition "$edition" --out "$work/decide.gguf"

# The threshold is chosen on the dev packages and judged on the held-out ones.
run label --model "$work/decide.gguf" --corpus "$work/dev.jsonl" --n "$n_dev" \
  --processes "$processes" --out "$work/dev_outcomes.jsonl"
run label --model "$work/decide.gguf" --corpus "$work/held_out.jsonl" --n "$n_held_out" \
  --processes "$processes" --out "$work/held_out_outcomes.jsonl"
run label --no-model --model "$work/decide.gguf" --corpus "$work/held_out.jsonl" \
  --n "$n_held_out" --processes "$processes" --out "$work/flat_outcomes.jsonl"
run label --no-cache --model "$work/decide.gguf" --corpus "$work/held_out.jsonl" \
  --n "$n_held_out" --processes "$processes" --out "$work/alone_outcomes.jsonl"
run evaluate "$work/held_out_outcomes.jsonl" --choose-on "$work/dev_outcomes.jsonl" \
  --row "cache alone" "$work/flat_outcomes.jsonl" \
  --row "model alone" "$work/alone_outcomes.jsonl" --out "$work/report.json"
run export --checkpoint "$work/decide.pt" --tokenizer "$tokenizer" --edition "$edition" \
  --report "$work/report.json" --out "$gguf"
