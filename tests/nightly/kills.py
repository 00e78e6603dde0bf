"""A server that is killed again and again while somebody types: no request is lost.

Its successor is asked again what it left unanswered, as an editor would, and finds a whole index.
"""

from __future__ import annotations

import random
import re
import time
from hashlib import blake2b
from pathlib import Path

from tests.nightly.part import Outcome
from tests.nightly.process import Message, Process, failures_in, key

FILES = 60
MODULE = '''
def area_{n}(width, height):
    """The area of a rectangle."""
    return width * height * {n}
'''
TYPED = "def total(items):\n    return sum(area_1(item.width, item.height) for item in items)\n"
AT_ONCE = 8
STAGES = ("started", "answered", "completed")
"""The moments after which a server is killed."""


def part(outcome: Outcome, count: int, seed: int, folder: Path) -> None:
    """Kill `count` servers; requests nobody answers, and what is torn or blamed, are failures."""
    work = _Work(random.Random(seed), folder)
    for _ in range(count):
        _live_and_die(outcome, work)
        outcome.done += 1
    _live_on(outcome, work)
    _judge(outcome, work, folder)


class _Work:
    """A project, the text that is typed in it, and the requests that wait for an answer."""

    def __init__(self, rng: random.Random, folder: Path) -> None:
        self.rng = rng
        self.own = folder
        self.root = folder / "project"
        self.root.mkdir()
        self.written: dict[str, bytes] = {}
        for n in range(FILES):
            self.write(n)
        self.waiting: dict[str, Message] = {}
        self._text = ""
        self._asked = 0

    def write(self, n: int) -> None:
        """Change a file, so that there is something to index and to save."""
        content = MODULE.format(n=n) * self.rng.randint(1, 9)
        (self.root / f"m{n}.py").write_text(content, encoding="utf-8")
        self.written[f"m{n}.py"] = _digest(self.root / f"m{n}.py")

    @property
    def _uri(self) -> str:
        return (self.root / "typed.py").as_uri()

    def begin(self) -> list[Message]:
        """The handshake with the document, and all that nobody has answered."""
        initialize = {"capabilities": {}, "rootUri": self.root.as_uri()}
        item = {"uri": self._uri, "languageId": "python", "version": 1, "text": self._text}
        return [
            {"id": "begin", "method": "initialize", "params": initialize},
            {"method": "initialized", "params": {}},
            {"method": "textDocument/didOpen", "params": {"textDocument": item}},
            *self.waiting.values(),
        ]

    def stroke(self) -> list[Message]:
        """One more character, and the request behind it."""
        self._text = TYPED[: (len(self._text) + 1) % len(TYPED)]
        end = {
            "line": self._text.count("\n"),
            "character": len(self._text.rpartition("\n")[2]),
        }
        self._asked += 1
        request = {
            "id": self._asked,
            "method": "textDocument/inlineCompletion",
            "params": {
                "textDocument": {"uri": self._uri},
                "position": end,
                "context": {"triggerKind": 2},
            },
        }
        self.waiting[key(self._asked)] = request
        change = {
            "textDocument": {"uri": self._uri, "version": self._asked + 1},
            "contentChanges": [{"text": self._text}],
        }
        return [{"method": "textDocument/didChange", "params": change}, request]


def _live_and_die(outcome: Outcome, work: _Work) -> None:
    """One server under load, killed some time after its start, its first word or its first text."""
    rng = work.rng
    stage = rng.choice(STAGES)
    server = _start(work)
    if stage != "started":
        if not server.until(lambda: server.answers[key("begin")] == 1):
            outcome.failures.append(f"after {outcome.done:,} kills a server never began")
        work.write(rng.randrange(FILES))
        _type(work, server)
    if stage == "completed":
        server.until(lambda: _answered(server) > 0)
    dies_s = time.monotonic() + rng.uniform(0.0, 1.5)
    while time.monotonic() < dies_s:
        if stage != "started":
            _type(work, server)
        time.sleep(0.03)
    if server.process.poll() is not None:
        outcome.failures.append(f"after {outcome.done:,} kills a server ended by itself")
    server.process.kill()
    server.end()
    outcome.count(f"after it {stage}")
    _settle(outcome, work, server)


def _type(work: _Work, server: Process) -> None:
    if len(work.waiting) - _answered(server) < AT_ONCE:
        for message in work.stroke():
            server.send(message)


def _live_on(outcome: Outcome, work: _Work) -> None:
    """The last server answers all that is left, and ends in good order."""
    server = _start(work)
    server.until(lambda: all(server.answers[id] for id in work.waiting))
    server.send({"id": "end", "method": "shutdown"})
    server.until(lambda: server.answers[key("end")] == 1)
    server.send({"method": "exit"})
    status = server.end()
    if status != 0:
        outcome.failures.append(f"the last server ended with {status}")
    _settle(outcome, work, server)


def _start(work: _Work) -> Process:
    server = Process(work.own, on_request=lambda asked: {"id": asked["id"], "result": None})
    for message in work.begin():
        server.send(message)
    return server


def _answered(server: Process) -> int:
    return sum(id not in (key("begin"), key("end")) for id in list(server.answers))


def _settle(outcome: Outcome, work: _Work, server: Process) -> None:
    """Take the answers of a server that is gone off the requests that wait."""
    for id, n in server.answers.items():
        if n > 1:
            outcome.failures.append(f"{id} was answered {n} times by one server")
        if work.waiting.pop(id, None) is not None:
            outcome.count("requests answered")
    outcome.failures += [f"an error: {answer}" for answer in server.errors]
    outcome.failures += [f"the user was told: {message}" for message in server.shown]
    outcome.count("asked again", len(work.waiting))
    outcome.count("suggestions", server.suggestions)


def _judge(outcome: Outcome, work: _Work, folder: Path) -> None:
    outcome.failures += [f"never answered: {id}" for id in work.waiting]
    found = {file.name: _digest(file) for file in work.root.rglob("*")}
    if found != work.written:
        outcome.failures.append("the workspace has changed")
    log = (folder / "server.log").read_text(encoding="utf-8", errors="replace").splitlines()
    marks = ("is not used and will be rebuilt", "Traceback")
    outcome.failures += [line for line in log if any(mark in line for mark in marks)]
    outcome.failures += failures_in(folder / "server.log")
    left = [file.name for file in (folder / "cache").rglob("*.note")]
    if left:
        outcome.failures.append(f"notes are left: {left}")
    read = [int(n) for line in log for n in re.findall(r"files, (\d+) of them read", line)]
    outcome.count("came to an index", len(read))
    outcome.count("of a kept one", sum(n < FILES for n in read))


def _digest(file: Path) -> bytes:
    return blake2b(file.read_bytes()).digest()
