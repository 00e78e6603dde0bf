"""Messages as a client would send them, most of them spoiled: each request gets one answer.

The server is the real one with the shipped small model, on a folder with some files.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from tests.nightly.part import Outcome
from tests.nightly.process import Message, Process, failures_in, key

from sidelong.lsp.framing import frame

ODD: tuple[object, ...] = (
    None, True, -1, 0, 2**31, 2**63, 1.5, "", "\ud83d", "x" * 5_000, [], {}, [[]], {"a": {}},
    "file:///", "untitled:x", "file:///%", "not a uri",
)  # fmt: skip
CODE = "def area(width, height):\n    return width * height\n\n\ndef total(items):\n    "
TEXTS = (
    "",
    CODE,
    "x = 1\r\ny = 2\r\n",
    "中😀\n" * 9,
    "\x00\x0c\n",
    "(" * 400,
    "a" * 30_000,
    "\n" * 99,
)
AT_ONCE = 40
"""Requests that wait for an answer; then the client waits, too."""

PATIENCE_S = 60.0

INTERNAL_ERROR = -32603


def part(outcome: Outcome, count: int, seed: int, folder: Path) -> None:
    """Send `count` messages; ids that are not answered once, and internal errors, are failures."""
    client = _Client(random.Random(seed), folder)
    server = Process(folder, on_request=client.answer)
    try:
        _send_all(outcome, client, server, count)
    finally:
        status = server.end()
    if status != 0:
        outcome.failures.append(f"the server ended with {status}")
    _judge(outcome, client, server)


def _send_all(outcome: Outcome, client: _Client, server: Process, count: int) -> None:
    server.send(client.begin())
    server.until(lambda: server.answers[key("begin")] == 1)
    server.send({"method": "initialized", "params": {}})
    for _ in range(count):
        server.write(client.next())
        outcome.done += 1
        if client.asked.total() - server.answers.total() > AT_ONCE:
            most = client.asked.total() - AT_ONCE // 2
            server.until(partial(_has_answered, server, most), seconds=PATIENCE_S)
        if server.process.poll() is not None:
            outcome.failures.append(f"the server ended after {outcome.done:,} messages")
            return
    server.until(lambda: all(server.answers[id] for id in client.asked), seconds=PATIENCE_S)
    server.send({"id": "end", "method": "shutdown"})
    server.until(lambda: server.answers[key("end")] == 1)
    server.send({"method": "exit"})


def _has_answered(server: Process, n: int) -> bool:
    return server.answers.total() >= n


def _judge(outcome: Outcome, client: _Client, server: Process) -> None:
    outcome.count("requests", client.asked.total())
    outcome.count("spoiled", client.spoiled)
    outcome.count("refused", len(server.errors))
    outcome.count("suggestions", server.suggestions)
    for id, n in client.asked.items():
        answers = server.answers[id]
        if answers != n:
            sent = client.sent.get(id, "no message")
            outcome.failures.append(f"{id} was asked {n} and answered {answers} times: {sent}")
    for answer in server.errors:
        if answer["error"]["code"] == INTERNAL_ERROR:
            outcome.failures.append(f"an internal error: {answer}")
    if server.garbage:
        outcome.failures.append(f"{server.garbage} bytes of its output belong to no message")
    for id in ("begin", "end"):
        if server.answers[key(id)] != 1:
            outcome.failures.append(f"{id!r} was answered {server.answers[key(id)]} times")
    outcome.failures += failures_in(server.log)


class _Client:
    """Makes the messages, and remembers which of them want an answer."""

    def __init__(self, rng: random.Random, folder: Path) -> None:
        self.asked: Counter[str] = Counter()
        self.sent: dict[str, str] = {}
        self.spoiled = 0
        self._rng = rng
        self._answers = random.Random(rng.random())
        self._n = 0
        self._roots = [folder / "one", folder / "two"]
        for root in self._roots:
            root.mkdir()
            for i in range(5):
                (root / f"m{i}.py").write_text(CODE, encoding="utf-8")
        self._uris = [(root / f"m{i}.py").as_uri() for root in self._roots for i in range(3)]
        self._uris += ["untitled:Untitled-1", "file:///else/where.py", "git:/m0.py?HEAD"]

    def begin(self) -> Message:
        """The `initialize` request."""
        params = {
            "processId": None,
            "capabilities": {
                "workspace": {"configuration": True, "workspaceFolders": True},
                "window": {"workDoneProgress": True},
            },
            "workspaceFolders": [{"uri": self._roots[0].as_uri(), "name": "one"}],
            "initializationOptions": {"minProbability": 0, "debounceMs": 0},
        }
        return {"id": "begin", "method": "initialize", "params": params}

    def answer(self, request: Message) -> Message | bytes:
        """An answer to a request of the server, odd now and then."""
        result: object = None
        if request["method"] == "workspace/configuration":
            result = [
                self._answers.choice([None, {}, {"maxLines": 3}, {"maxLines": "many"}, 7, []])
                for _ in request["params"]["items"]
            ]
        if self._answers.random() < 0.2:
            result = self._answers.choice(ODD)
        return {"id": request["id"], "result": result}

    def next(self) -> bytes:
        """The next message, framed."""
        rng = self._rng
        self._n += 1
        message: Any = {"jsonrpc": "2.0", **self._message()}
        spoil = rng.random()
        if spoil < 0.5:
            self.spoiled += 1
            for _ in range(rng.randint(1, 3)):
                self._spoil(message)
        body = json.dumps(message).encode()
        if spoil < 0.08:
            body = self._torn(body)
        self._note(body)
        garbage = b"noise\r\n\r\n" if spoil > 0.99 else b""
        return garbage + frame(body)

    def _note(self, body: bytes) -> None:
        """Remember a message that wants an answer, as JSON-RPC says which does."""
        id = _id_of_answer(body)
        if id is not None:
            self.asked[id] += 1
            self.sent[id] = body[:300].decode(errors="replace")

    def _message(self) -> Message:
        rng = self._rng
        uri = rng.choice(self._uris)
        here = {"uri": uri}
        place = {"line": rng.randint(0, 8), "character": rng.randint(0, 30)}
        item = {"uri": uri, "languageId": "python", "version": 1, "text": rng.choice(TEXTS)}
        span = {"start": place, "end": {**place, "character": place["character"] + 2}}
        edits: list[Message] = [{"range": span, "text": rng.choice(("a", "\n", "(", "width", ""))}]
        if rng.random() < 0.1:
            edits.append({"text": rng.choice(TEXTS)})
        version = {**here, "version": self._n}
        folders = [{"uri": self._roots[1].as_uri(), "name": "two"}]
        added = rng.random() < 0.5
        ask = {
            "textDocument": here,
            "position": place,
            "context": {"triggerKind": rng.choice((1, 2))},
        }
        cell = {"kind": 2, "document": "vscode-notebook-cell:/n.ipynb#a"}
        notebook = {
            "uri": "file:///n.ipynb", "notebookType": "jupyter-notebook", "version": 1,
            "cells": [cell],
        }  # fmt: skip
        text = {"uri": cell["document"], "languageId": "python", "version": 1, "text": CODE}
        calls: list[tuple[int, str, object]] = [
            (9, "textDocument/didOpen", {"textDocument": item}),
            (24, "textDocument/didChange", {"textDocument": version, "contentChanges": edits}),
            (3, "textDocument/didClose", {"textDocument": here}),
            (2, "sidelong/didMoveCursor", {"textDocument": here, "position": place}),
            (5, "$/cancelRequest", {"id": rng.randint(1, self._n)}),
            (1, "workspace/didChangeConfiguration", {"settings": None}),
            (1, "workspace/didChangeWorkspaceFolders",
             {"event": {"added": folders * added, "removed": folders * (not added)}}),
            (2, "notebookDocument/didOpen",
             {"notebookDocument": notebook, "cellTextDocuments": [text]}),
            (1, "notebookDocument/didClose",
             {"notebookDocument": {"uri": notebook["uri"]}, "cellTextDocuments": [text]}),
            (1, "$/setTrace", {"value": "verbose"}),
            (1, "no/suchNotification", ask),
        ]  # fmt: skip
        requests: list[tuple[int, str, object]] = [
            (24, "textDocument/inlineCompletion", ask),
            (3, "sidelong/explain", {"textDocument": here}),
            (1, "sidelong/indexed", {"textDocument": here}),
            (2, "workspace/executeCommand",
             {"command": "sidelong.accepted", "arguments": [{"id": str(self._n - 1)}]}),
            (1, "textDocument/hover", ask),
            (1, "initialize", {"capabilities": {}}),
        ]  # fmt: skip
        every = calls + requests
        (chosen,) = rng.choices(every, [weight for weight, _, _ in every])
        message: Message = {"method": chosen[1], "params": copy.deepcopy(chosen[2])}
        return {"id": self._n, **message} if chosen in requests else message

    def _spoil(self, message: Message) -> None:
        """Replace, drop or repeat one value somewhere in the message."""
        rng = self._rng
        places: list[tuple[Any, Any]] = []
        waiting: list[Any] = [message]
        while waiting:
            value = waiting.pop()
            keys = list(value) if isinstance(value, dict) else list(range(len(value)))
            places += [(value, k) for k in keys]
            waiting += [value[k] for k in keys if isinstance(value[k], dict | list) and value[k]]
        holder, where = rng.choice(places)
        if where == "method" and holder is message and rng.random() < 0.7:
            return
        if where == "id" and holder is message:
            # Two requests of one id are no protocol that anybody could keep.
            message["id"] = rng.choice((f"odd-{self._n}", -self._n, 2**40 + self._n, None, True))
        elif rng.random() < 0.3 and isinstance(holder, dict):
            del holder[where]
        else:
            holder[where] = copy.deepcopy(rng.choice(ODD))

    def _torn(self, body: bytes) -> bytes:
        rng = self._rng
        torn = bytearray(body)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(torn))
            torn[at : at + rng.randint(0, 9)] = rng.choice((b"", b"\xff", b'"', b"}", b"[" * 9))
            torn = torn or bytearray(b"{")
        return bytes(torn)


def _id_of_answer(body: bytes) -> str | None:
    """The id of the one answer that JSON-RPC wants for these bytes; None if it wants none."""
    nobody = key(None)
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return nobody
    if not isinstance(message, dict):
        return nobody
    id, method = message.get("id"), message.get("method")
    if isinstance(id, bool) or not isinstance(id, int | str | None):
        return nobody
    if method is None:  # an answer to somebody, or nothing
        return nobody if id is None else None
    if not isinstance(method, str) or ("id" in message and id is None):
        return nobody
    return None if id is None else key(id)
