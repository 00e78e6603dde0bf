#!/usr/bin/env bash
# Packages the extension, installs it and runs the tests in VS Code; arguments go to the runner.
#
#     run.sh                                   all tests
#     run.sh unit/*.test.ts                    some
#     run.sh latency.ts                        how long a person waits for ghost text
#     run.sh --test-name-pattern='ghost text'  by name
#
# install.sh must have run. Screenshots lie in build/editors/vscode afterwards.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
extension="$root/editors/vscode"
cache="$root/.cache/editors/vscode"
log="$cache/run.log"

fail() {
    echo "error: $*" >&2
    exit 1
}

quietly() {
    "$@" >>"$log" 2>&1 </dev/null || {
        tail -n 40 "$log" >&2
        fail "\`$*\` failed."
    }
}

[ -e "$cache/environment" ] || fail "run $here/install.sh first, as \`make test-editors\` does."
# shellcheck source=/dev/null
source "$cache/environment"
export PATH="$NODE_BIN:$PATH"
server="${SIDELONG_SERVER:-$root/.venv/bin/sidelong}"
[ -x "$server" ] || fail "$server is missing. \`make test-editors\` sets it up."
model="$root/server/sidelong/data/nano.gguf"
[ -e "$model" ] || fail "the nano model is missing: $model."
# The machine counts as a slow one, so that the servers complete with nano.
export SIDELONG_SPEED_FILE="$cache/speed.json"
"$root/.venv/bin/python" -c '
from sidelong.engine import Speed
from sidelong.settings import UserSettings
from sidelong.shipped import keep_speed
for threads in (None, 512):  # one of the tests sets the latter
    keep_speed(Speed(prefill=1, decode=1), UserSettings(threads=threads))
'
: >"$log"

if ! cmp -s "$extension/package-lock.json" "$extension/node_modules/.installed"; then
    echo "installing the extension's packages"
    (cd "$extension" && quietly npm ci && cp package-lock.json node_modules/.installed)
fi
echo "packaging the extension"
(cd "$extension" && quietly npm run check && quietly npm run package)
(cd "$here" && quietly npm run check)

rm -rf "$cache/extensions" "$root/build/editors/vscode"
mkdir -p "$cache/extensions"
quietly "$CODE_SERVER" --user-data-dir "$cache/packaging" --extensions-dir "$cache/extensions" \
    --install-extension "$extension/sidelong.vsix"

cd "$here"
[ "$*" = latency.ts ] && exec node --disable-warning=ExperimentalWarning latency.ts
case "$*" in
    *.test.ts*) arguments=("$@") ;;
    *) arguments=("$@" unit/*.test.ts editor/*.test.ts) ;;
esac
exec node \
    --disable-warning=ExperimentalWarning --disable-warning=MODULE_TYPELESS_PACKAGE_JSON \
    --test --test-concurrency=1 \
    --test-reporter=spec "${arguments[@]}"
