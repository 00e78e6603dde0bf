#!/usr/bin/env bash
# Installs the editors of these tests that Debian packages; needs root, or sudo.
# lsp-mode 10, vim-lsp and a built coc.nvim are in no package: name folders of your own with
# LSP_MODE, VIM_LSP and COC_NVIM.
set -euo pipefail
packages=(emacs-nox elpa-lsp-mode elpa-eglot vim vim-ale)
if ! command -v apt-get > /dev/null; then
  echo "error: there is no apt-get here. Install these by hand: ${packages[*]}" >&2
  exit 1
fi
missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat '${db:Status-Status}' "$package" 2> /dev/null | grep -qx installed \
    || missing+=("$package")
done
[ ${#missing[@]} = 0 ] && exit 0
if [ "$(id -u)" = 0 ]; then as_root=(); else as_root=(sudo); fi
DEBIAN_FRONTEND=noninteractive ${as_root[@]+"${as_root[@]}"} \
  apt-get install --yes --no-install-recommends "${missing[@]}"
