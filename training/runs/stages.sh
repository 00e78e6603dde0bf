# From a model that reads and fills in, with or without chunks, to the one that ships: how much the
# workspace cache has to say, the decision, the threshold, the figures. Sourced by the runs, which
# name the model (pretrained), its edition and gguf, and set what each stage may use.
# A stopped stage goes on, so a run can be resumed.

cached=(--no-cache)
if [ "${cache:-fitted}" != none ]; then
  cached=(--mixture "$work/mixture.json")
  stage "$work/mixture.json" mixture --model "$pretrained" --corpus "$work/decide.jsonl" \
    --n "$n_mixture" --processes "$processes" --out "$work/mixture.json"
fi
stage "$work/mixed.gguf" card "$pretrained" "${cached[@]}" --embedding "$embedding" \
  --out "$work/mixed.gguf"
# Labels: what retrieval does to completions in packages that were not trained on.
outcomes labels mixed decide "$n_labels"
stage "$work/decide.gguf" decide "$work/mixed.gguf" --labels "$work/labels.jsonl" \
  --report "$work/decide.json" --out "$work/decide.gguf"

stage "$work/counts.npz" counts --corpus "$work/train.jsonl" --tokenizer "$tokenizer" \
  --out "$work/counts.npz"
# The threshold is chosen on the dev packages and judged on the held-out ones.
outcomes dev_outcomes decide dev "$n_dev"
outcomes held_out_outcomes decide held_out "$n_held_out"
outcomes alone_outcomes decide held_out "$n_held_out" --no-cache
for baseline in cache counts similar; do
  outcomes "${baseline}_outcomes" decide held_out "$n_held_out" --baseline "$baseline" \
    --counts "$work/counts.npz"
done
# What the gate compares with the threshold is P(<cc>), or what the model's formula makes of it.
for split in dev held_out; do
  stage "$work/${split}_forecasts.jsonl" corrected "$work/${split}_outcomes.jsonl" \
    --model "$work/decide.gguf" --out "$work/${split}_forecasts.jsonl"
done
run evaluate "$work/held_out_forecasts.jsonl" --choose-on "$work/dev_forecasts.jsonl" \
  --row "model alone" "$work/alone_outcomes.jsonl" \
  --row "workspace cache alone" "$work/cache_outcomes.jsonl" \
  --row "n-grams of the training corpus" "$work/counts_outcomes.jsonl" \
  --row "the line after the most similar lines" "$work/similar_outcomes.jsonl" \
  --out "$work/report.json"
run card "$work/decide.gguf" --edition "$edition" --report "$work/report.json" --out "$gguf"
# The same blanks of that very file once more, as an editor sees them: the real server over stdio.
grow "$work/served.jsonl" served --model "$gguf" --corpus "$work/held_out.jsonl" --n "$n_served" \
  --servers "$processes" --beside "$work/held_out_outcomes.jsonl" --out "$work/served.jsonl"
