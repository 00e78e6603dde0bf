#!/usr/bin/env bash
# Before the GPU: corpus and vocabulary, packed as what base.sh needs on a machine without network.
#     training/runs/bundle.sh
# Makes training/work/base/carry, and says what it weighs with the checkout (LIMIT_MIB, 64).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/base-settings.sh"
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
corpus

rm -rf "$carry"
mkdir -p "$carry/wheels"
echo "== packing"
tar -C "$work" -cf - train.jsonl dev.jsonl tokenizer.json | xz -T0 -"${XZ:-6}" > "$carry/corpus.tar.xz"
# What sampling imports and a machine with PyTorch, tokenizers and NumPy may lack.
# Of this machine's versions, for that machine's Python (GPU_PYTHON); WHEELS= carries none.
wheels=${WHEELS-gguf watchdog tree-sitter tree-sitter-c tree-sitter-cpp
  tree-sitter-go tree-sitter-java tree-sitter-javascript tree-sitter-python tree-sitter-rust
  tree-sitter-typescript}
for name in $wheels; do
  version=$("$python" -c "from importlib.metadata import version; print(version('$name'))")
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version "${GPU_PYTHON:-3.12}" --implementation cp --platform manylinux_2_28_x86_64 \
    --platform manylinux_2_17_x86_64 --platform manylinux_2_5_x86_64 --dest "$carry/wheels" \
    "$name==$version"
done
(cd "$carry" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum > SHA256SUMS)

checkout=$(git ls-files -z --cached --others --exclude-standard | xargs -0 du -cb 2> /dev/null |
  tail -n 1 | cut -f 1)
carried=$(du -sb "$carry" | cut -f 1)
limit=$((${LIMIT_MIB:-64} * 1024 * 1024))
echo "checkout $((checkout / 1024)) KiB, carried $((carried / 1024)) KiB, limit $((limit / 1024)) KiB"
if [ $((checkout + carried)) -gt "$limit" ]; then
  echo "error: together they are over the limit; a smaller ALLOWANCE makes a smaller corpus" >&2
  exit 1
fi
