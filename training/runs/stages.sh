# The recipe from a pre-trained model to the GGUF that ships, or from nothing: sourced by the
# runs, which set manifest, work, gguf, edition, size, vocabulary and what each stage may use.
# A stopped stage goes on, so a run can be resumed.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
corpus
if [ -z "${pretrained_elsewhere:-}" ]; then
  all_examples
  pretrain
fi
export_pretrained
# How much the workspace cache has to say beside this model, then the model with it.
stage "$work/mixture.json" mixture --model "$work/pretrain.gguf" --corpus "$work/decide.jsonl" \
  --n "$n_mixture" --processes "$processes" --out "$work/mixture.json"
stage "$work/mixed.gguf" export --checkpoint "$work/pretrain.pt" --tokenizer "$tokenizer" \
  --edition "$edition pretrained" --context "${context:-0}" --mixture "$work/mixture.json" \
  --out "$work/mixed.gguf"
# Labels: what retrieval does to completions in packages that were not pre-trained on.
outcomes labels mixed decide "$n_labels"
stage "$work/decide.npz" decision --labels "$work/labels.jsonl" --corpus "$work/decide.jsonl" \
  --tokenizer "$tokenizer" --out "$work/decide.npz"
# Where an older model of the same vocabulary is named: keep to it where it was right.
if [ -n "${old:-}" ]; then
  examples validation dev --chars-per-blank "$validation_chars_per_blank"
  grow "$work/kept.pt" train decide --init "$work/pretrain.pt" --old "$old" --data "$work/decide.npz" \
    --validation "$work/validation.npz" --out "$work/kept.pt" \
    ${congruent_budget:---steps 160 --batch-tokens 4096 --matrix-rate 0.002 --other-rate 0.0005} \
    --decision-weight 0 # which `head` learns
fi
pretrained=$work/pretrain.pt
[ -z "${old:-}" ] || pretrained=$work/kept.pt
stage "$work/decide.pt" head --init "$pretrained" --data "$work/decide.npz" \
  --tokenizer "$tokenizer" --out "$work/decide.pt"
stage "$work/decide.gguf" export --checkpoint "$work/decide.pt" --tokenizer "$tokenizer" \
  --edition "$edition" --context "${context:-0}" --mixture "$work/mixture.json" \
  --out "$work/decide.gguf"

# The threshold is chosen on the dev packages and judged on the held-out ones.
outcomes dev_outcomes decide dev "$n_dev"
outcomes held_out_outcomes decide held_out "$n_held_out"
outcomes alone_outcomes decide held_out "$n_held_out" --no-cache
stage "$work/counts.npz" counts --corpus "$work/train.jsonl" --tokenizer "$tokenizer" \
  --out "$work/counts.npz"
for baseline in cache counts similar; do
  outcomes "${baseline}_outcomes" decide held_out "$n_held_out" --baseline "$baseline" \
    --counts "$work/counts.npz"
done
before=()
if [ -n "${old:-}" ]; then # where the second stage changed what is written
  outcomes before_outcomes mixed held_out "$n_held_out"
  before=(--before "$work/before_outcomes.jsonl")
fi
run evaluate "$work/held_out_outcomes.jsonl" --choose-on "$work/dev_outcomes.jsonl" \
  "${before[@]}" \
  --row "model alone" "$work/alone_outcomes.jsonl" \
  --row "workspace cache alone" "$work/cache_outcomes.jsonl" \
  --row "n-grams of the training corpus" "$work/counts_outcomes.jsonl" \
  --row "the line after the most similar lines" "$work/similar_outcomes.jsonl" \
  --out "$work/report.json"
run export --checkpoint "$work/decide.pt" --tokenizer "$tokenizer" --edition "$edition" \
  --context "${context:-0}" --mixture "$work/mixture.json" --report "$work/report.json" --out "$gguf"
# The same blanks of that very file once more, as an editor sees them: the real server over stdio.
grow "$work/served.jsonl" served --model "$gguf" --corpus "$work/held_out.jsonl" --n "$n_served" \
  --servers "$processes" --beside "$work/held_out_outcomes.jsonl" --out "$work/served.jsonl"
