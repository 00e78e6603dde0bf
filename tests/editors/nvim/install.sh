#!/usr/bin/env bash
# Installs what these tests need beside the project into .cache/editors/nvim; once, then returns at once.
# --check adds what tests/editors/nvim/check.sh needs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
cache=$root/.cache/editors/nvim

# Fills a folder under its final name only once everything is in it.
install() {
  local folder=$1; shift
  local wanted
  wanted=$({ "$python" --version; cat "$@"; } | sha256sum)
  [ "$(cat "$folder/installed" 2>/dev/null)" = "$wanted" ] && return
  echo "installing $(basename "$folder") into ${folder#"$root"/}"
  rm -rf "$folder" "$folder.part"
  local file
  for file in "$@"; do
    local hashes=()
    grep -q -- --hash= "$file" && hashes=(--require-hashes)
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
      "${hashes[@]}" --target "$folder.part" --upgrade -r "$file"
  done
  echo "$wanted" > "$folder.part/installed"
  mv "$folder.part" "$folder"
}

mkdir -p "$cache"
install "$cache/python" "$here/requirements.txt" "$here/requirements-client.txt"
if [ "${1:-}" = --check ]; then
  install "$cache/lint" "$here/requirements-check.txt"
fi
