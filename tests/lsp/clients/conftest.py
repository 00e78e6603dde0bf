"""Clients that cannot be installed for tests, played by script on the real server.

Each module plays one: what it announces, sends, answers and ignores, by its source of the version
in its first line. Where docs/editors.md has a snippet for the client, the server is started by it.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sidelong.lsp.framing import Framer, frame

DOCS = Path(__file__).parents[3] / "docs/editors.md"
TIMEOUT_S = 60.0
NOT_FOUND = {"code": -32601, "message": "Method not found"}

HABIT = """def totals(item):
    one = compute_the_total(item, tax=True)
    two = compute_the_total(item, tax=True)
    three = compute_the_total(item, tax=True)
    four = comp
"""
"""The workspace cache continues the last line, with any model."""
REST = "ute_the_total(item, tax=True)"
CURSOR = {"line": 4, "character": 15}

Json = dict[str, Any]


class Client:
    """One process of the server and the scripted client's answers to its requests."""

    def __init__(self, folder: Path, arguments: Sequence[str], answers: Mapping[str, Any]) -> None:
        self.folder = folder
        self.file = folder / "habit.py"
        self.file.write_text(HABIT, encoding="utf-8")
        self.uri = self.file.as_uri()
        self.told: list[Json] = []
        """The server's notifications."""
        self.asked: list[str] = []
        """The methods of the server's requests."""
        self.log = folder.parent / "server.log"
        self._answers = answers
        logging = ("--log-level", "info", "--log-file", str(self.log), "--threads", "1")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sidelong", *arguments, *logging],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._framer = Framer()
        self._ids = itertools.count(1)
        self._results: dict[int, Json] = {}

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def send(self, method: str, params: object) -> int:
        """Send a request; its number."""
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        return number

    def answer(self, number: int) -> Json:
        """The response to a request, while the server's own requests are answered."""
        deadline = time.monotonic() + TIMEOUT_S
        while number not in self._results:
            assert time.monotonic() < deadline
            self._read()
        return self._results.pop(number)

    def ask(self, method: str, params: object) -> Any:
        """The result of a request."""
        answer = self.answer(self.send(method, params))
        assert "error" not in answer, answer
        return answer["result"]

    def initialize(self, capabilities: Json, **more: object) -> Json:
        """Shake hands as all of these clients do; the server's capabilities."""
        root = self.folder.as_uri()
        params = {
            "processId": os.getpid(),
            "rootUri": root,
            "workspaceFolders": [{"uri": root, "name": self.folder.name}],
            "capabilities": capabilities,
        }
        told: Json = self.ask("initialize", {**params, **more})["capabilities"]
        self.notify("initialized", {})
        return told

    def open(self, *, uri: str | None = None, text: str = HABIT) -> None:
        """Open the file, or another document."""
        item = {"uri": uri or self.uri, "languageId": "python", "version": 0, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def at_cursor(self, uri: str | None = None, **more: object) -> Json:
        """The parameters of a request at the end of the last line."""
        return {"textDocument": {"uri": uri or self.uri}, "position": CURSOR, **more}

    def until_ready(self) -> None:
        """Read until the server has said that completions come."""
        deadline = time.monotonic() + TIMEOUT_S
        while not any(n.get("params", {}).get("state") == "ready" for n in self.told):
            assert time.monotonic() < deadline
            self._read()

    def explain(self, uri: str | None = None) -> Json:
        """The server's record of the last request."""
        params = {"textDocument": {"uri": uri or self.uri}}
        record: Json = self.ask("sidelong/explain", params)["request"]
        return record

    def end(self) -> None:
        """End as the protocol says; fails if the server met anything to warn of."""
        self.ask("shutdown", None)
        self.notify("exit", None)
        assert self.process.wait(TIMEOUT_S) == 0
        assert not re.findall(r"^\S+ \S+ (?:WARNING|ERROR) .*", self.log.read_text(), re.M)

    def _send(self, message: Json) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(frame(json.dumps({"jsonrpc": "2.0", **message}).encode()))
        self.process.stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout is not None
        data = os.read(self.process.stdout.fileno(), 1 << 16)
        assert data, f"the server has ended: {self.log.read_text()[-2000:]}"
        for message in map(json.loads, self._framer.feed(data)):
            if "method" not in message:
                self._results[message["id"]] = message
            elif "id" not in message:
                self.told.append(message)
            else:
                self._reply(message)

    def _reply(self, message: Json) -> None:
        self.asked.append(message["method"])
        if message["method"] not in self._answers:
            self._send({"id": message["id"], "error": NOT_FOUND})
            return
        answer = self._answers[message["method"]]
        result = answer(message.get("params")) if callable(answer) else answer
        self._send({"id": message["id"], "result": result})


Start = Callable[..., Client]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the server for a client; the server is killed if the test has not ended it."""
    clients: list[Client] = []
    folder = tmp_path / "project"
    folder.mkdir()
    Path(os.environ["SIDELONG_CONFIG"]).write_text("minProbability = 0\n", encoding="utf-8")

    def begin(*arguments: str, answers: Mapping[str, Any]) -> Client:
        clients.append(Client(folder, arguments, answers))
        return clients[-1]

    yield begin
    for client in clients:
        client.process.kill()
        client.process.communicate()


@pytest.fixture
def documented() -> Callable[[str], str]:
    """The first code block after a sentence of docs/editors.md."""

    def find(sentence: str) -> str:
        after = DOCS.read_text(encoding="utf-8").partition(sentence)[2]
        block = re.search(r"```\w+\n(.*?)```", after, re.S)
        assert block is not None, sentence
        return block[1]

    return find


@pytest.fixture
def edited() -> Callable[[Json], str]:
    """The last line of code once an edit of it was made; it holds one unit for each character."""

    def edit(change: Json) -> str:
        span, line = change["range"], HABIT.splitlines()[CURSOR["line"]]
        assert span["start"]["line"] == span["end"]["line"] == CURSOR["line"]
        text: str = change.get("newText") or change["insertText"]
        return line[: span["start"]["character"]] + text + line[span["end"]["character"] :]

    return edit


@pytest.fixture
def done() -> str:
    """The last line of code as the suggestion makes it."""
    return HABIT.splitlines()[CURSOR["line"]] + REST


@pytest.fixture
def rest() -> str:
    """The suggestion."""
    return REST
