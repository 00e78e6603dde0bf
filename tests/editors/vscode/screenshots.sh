#!/usr/bin/env bash
# Takes the pictures of the extension's README from the last run of the tests.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
for name in ghost-text explain menu; do
    cp "$root/build/editors/vscode/readme-$name.png" "$root/editors/vscode/media/$name.png"
done
