#!/usr/bin/env bash
# Installs what the tests in this folder run in: code-server, which is VS Code's real workbench with
# its extension host, the Node it wants, and Chromium to show it. Does nothing the second time.
#
# code-server takes about a minute and 620 MB, once for all checkouts, because it is kept in the
# user's cache folder (or $SIDELONG_EDITORS_CACHE). What belongs to this checkout is in
# .cache/editors/vscode. Only Chromium is the system's, and is installed from its packages where
# that is allowed.
set -euo pipefail

NODE_VERSION=24.21.0
CODE_SERVER_VERSION=4.139.1

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
cache="$root/.cache/editors/vscode"
shared="${SIDELONG_EDITORS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sidelong-editors}"
node_dir="$shared/node-$NODE_VERSION"
server_dir="$shared/code-server-$CODE_SERVER_VERSION"
log="$cache/install.log"

fail() {
    echo "error: $*" >&2
    exit 1
}

main() {
    mkdir -p "$cache" "$shared"
    : >"$log"
    one_at_a_time
    install_system_packages
    install_node
    install_code_server
    install_test_packages
    write_environment
}

# Two checkouts may install at once, into the same folder.
one_at_a_time() {
    command -v flock >/dev/null || return 0
    exec 9>"$shared/lock"
    flock 9
}

install_system_packages() {
    local missing=()
    find_chromium >/dev/null || missing+=(chromium)
    command -v pkg-config >/dev/null || missing+=(pkg-config)
    command -v c++ >/dev/null || missing+=(build-essential)
    fc-list 2>/dev/null | grep -qi dejavu || [ -d /usr/share/fonts/truetype/dejavu ] ||
        missing+=(fonts-dejavu-core)
    [ ${#missing[@]} -eq 0 ] && return
    local command="apt-get install -y --no-install-recommends ${missing[*]}"
    if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
        fail "the tests in VS Code need ${missing[*]}. Install them, as with: sudo $command"
    fi
    echo "installing ${missing[*]}"
    quietly apt-get update
    # shellcheck disable=SC2086 # the words of the command
    DEBIAN_FRONTEND=noninteractive quietly $command
}

find_chromium() {
    command -v "${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome
}

# A folder of its own: npm would prune the headers, which code-server is compiled with.
install_node() {
    [ -x "$(node_bin)/node" ] && return
    command -v npm >/dev/null ||
        fail "the tests in VS Code need Node 20 or later with its npm, to install all else with."
    echo "installing Node $NODE_VERSION"
    rm -rf "$node_dir" && mkdir -p "$node_dir"
    echo '{"name":"node","private":true}' >"$node_dir/package.json"
    (cd "$node_dir" && quietly npm install "node@$NODE_VERSION" --foreground-scripts)
    [ -x "$(node_bin)/node" ] || fail "npm installed no Node for this machine; see $log."
}

node_bin() {
    local home
    home="$(node_home)"
    echo "${home:-$node_dir/none}/bin"
}

node_home() {
    local at="$node_dir/node_modules"
    find "$at" -maxdepth 4 -type d -path '*/node-*-*' -not -path '*/bin*' \
        -exec test -x '{}/bin/node' ';' -print -quit 2>/dev/null || true
}

# Does by hand what code-server's own script does, but for the native modules: it compiles eight for
# 4 minutes, of which the tests need two. VS Code writes its logs with one, and its extension host
# ends with it by the other; SQLite and Kerberos serve its chat and its proxies.
install_code_server() {
    [ -e "$server_dir/installed" ] && return
    echo "installing code-server $CODE_SERVER_VERSION, which compiles for about a minute, once"
    rm -rf "$server_dir" && mkdir -p "$server_dir"
    echo '{"name":"code-server-here","private":true}' >"$server_dir/package.json"
    (
        export PATH="$(node_bin):$PATH" npm_config_nodedir="$(node_home)" JOBS="${JOBS:-2}"
        cd "$server_dir"
        quietly npm install "code-server@$CODE_SERVER_VERSION" --ignore-scripts
        cd node_modules/code-server/lib/vscode
        quietly npm install --omit=dev --ignore-scripts
        # Unoptimised, for the time of compiling is the only one that counts here.
        CXXFLAGS=-O0 quietly npm rebuild @vscode/spdlog @vscode/native-watchdog --foreground-scripts
        cd extensions
        quietly npm install --omit=dev --ignore-scripts
    )
    touch "$server_dir/installed"
}

install_test_packages() {
    local lock="$here/package-lock.json"
    cmp -s "$lock" "$here/node_modules/.installed" && return
    echo "installing the tests' packages"
    (cd "$here" && PATH="$(node_bin):$PATH" quietly npm ci)
    cp "$lock" "$here/node_modules/.installed"
}

# What run.sh reads.
write_environment() {
    cat >"$cache/environment" <<EOS
NODE_BIN=$(node_bin)
CODE_SERVER=$server_dir/node_modules/.bin/code-server
CHROMIUM=$(find_chromium)
EOS
}

quietly() {
    echo "+ $*" >>"$log"
    "$@" >>"$log" 2>&1 </dev/null || {
        tail -n 30 "$log" >&2
        fail "\`$*\` failed; all it said is in $log."
    }
}

main
