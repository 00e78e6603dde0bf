#!/usr/bin/env bash
# Checks the plugin's Lua: annotations and types, and, where there is Node, the formatting.
# --write mends the formatting.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
"$here/install.sh" --check
"${PYTHON:-$root/.venv/bin/python}" "$here/check_types.py"
if command -v node > /dev/null; then
  node "$here/format.mjs" "$@"
else
  echo "the formatting was not checked: Node is not installed"
fi
