#!/usr/bin/env bash
# Installs what these tests need beside the project into .cache/editors/nvim; once, then returns at once.
# --check adds what check.sh needs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
cache=$root/.cache/editors/nvim
stylua=@johnnymorganz/stylua@2.5.2

# Runs "fill FOLDER ARGUMENTS" unless the folder was filled for the same reason before. It gets its final
# name only once everything is in it.
once() {
  local reason=$1 fill=$2 folder=$cache/$3; shift 3
  [ "$(cat "$folder/installed" 2>/dev/null)" = "$reason" ] && return
  echo "installing into ${folder#"$root"/}"
  rm -rf "$folder" "$folder.part"
  mkdir -p "$folder.part"
  "$fill" "$folder.part" "$@"
  echo "$reason" > "$folder.part/installed"
  mv "$folder.part" "$folder"
}

fill_with_pip() {
  local folder=$1 file hashes; shift
  for file in "$@"; do
    hashes=()
    if grep -q -- --hash= "$file"; then hashes=(--require-hashes); fi
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
      ${hashes[@]+"${hashes[@]}"} --target "$folder" --upgrade -r "$file"
  done
}

fill_with_npm() {
  npm install --silent --no-save --ignore-scripts --no-audit --no-fund --prefix "$1" "$2"
}

sum() { { "$python" --version; cat "$@"; } | sha256sum; }

needed=("$here/requirements.txt" "$here/requirements-client.txt")
once "$(sum "${needed[@]}")" fill_with_pip python "${needed[@]}"
if [ "${1:-}" = --check ]; then
  checker=$here/requirements-check.txt
  once "$(sum "$checker")" fill_with_pip lint "$checker"
  if command -v npm > /dev/null; then
    once "$stylua" fill_with_npm format "$stylua"
  fi
fi
