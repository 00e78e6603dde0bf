# The base model's recipe, for the three programs that make it; the environment may shrink it.
work=$(realpath -m "${WORK:-training/work/base}")
gguf=${GGUF:-$work/base.gguf} edition=${EDITION:-base}
manifest=${MANIFEST:-training/corpus.toml} allowance=${ALLOWANCE:-2500000}
size=${SIZE:-base} vocabulary=${VOCABULARY:-16384} tokenizer_every=${TOKENIZER_EVERY:-3}
processes=${PROCESSES:-$(nproc)}
chars_per_blank=${CHARS_PER_BLANK:-700} validation_chars_per_blank=${VALIDATION_CHARS:-5000}
pretrain_budget=${PRETRAIN_BUDGET:---minutes ${MINUTES:-14} --batch-tokens 65536 --matrix-rate 0.02
  --other-rate 0.004 --device cuda --compile --save-minutes 4}
plain_share=${PLAIN_SHARE:-0.25}
context=${CONTEXT:-320} old=${OLD:-} # OLD: a checkpoint to keep to where it was right
n_mixture=${N_MIXTURE:-1500} n_labels=${N_LABELS:-4000} n_dev=${N_DEV:-1000} n_held_out=${N_HELD_OUT:-1200}
n_served=${N_SERVED:-1200}
carry=$work/carry   # what goes to the machine with the GPU
back=${OUT:-$work/back} # what comes from it
