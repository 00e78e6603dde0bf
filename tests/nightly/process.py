"""A real `sidelong serve` as a process: messages in and out, counted by the ids of its answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from sidelong.lsp.framing import Framer, frame

Message = dict[str, Any]

PROGRAM = ("-m", "sidelong")
"""Of this Python; a test puts a broken server here."""


class Process:
    """One server on folders of its own; a thread reads what it says."""

    def __init__(self, own: Path, *, on_request: Callable[[Message], Message | bytes]) -> None:
        """`own` holds its cache, its log and its settings; `on_request` answers what it asks."""
        self.log = own / "server.log"
        self.answers: Counter[str] = Counter()
        self.errors: list[Message] = []
        self.shown: list[str] = []
        """The messages that the user has seen."""
        self.suggestions = 0
        """The answers with something to show."""
        self.garbage = 0
        self._on_request = on_request
        self._lock = threading.Lock()
        environment = {
            **os.environ,
            "SIDELONG_CACHE_DIR": str(own / "cache"),
            "SIDELONG_CONFIG": str(own / "config.toml"),
            "SIDELONG_MODELS_DIR": str(own / "models"),
            "SIDELONG_SPEED_FILE": str(own / "speed.json"),
        }
        serve = ("serve", "--threads", "1", "--log-level", "debug", "--log-file", str(self.log))
        self.process = subprocess.Popen(
            [sys.executable, *PROGRAM, *serve],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,))
        self._reader.start()

    def write(self, data: bytes) -> None:
        """Send bytes as they are; a server that is gone does not hear them."""
        assert self.process.stdin is not None
        try:
            with self._lock:
                self.process.stdin.write(data)
                self.process.stdin.flush()
        except OSError:
            return

    def send(self, message: Message) -> None:
        """Send a proper message."""
        self.write(frame(json.dumps({"jsonrpc": "2.0", **message}).encode()))

    def until(self, fact: Callable[[], bool], *, seconds: float = 60.0) -> bool:
        """Wait for a fact; False if it did not come, or the server ended before."""
        end_s = time.monotonic() + seconds
        while not fact():
            if time.monotonic() > end_s or not self._reader.is_alive():
                return fact()
            time.sleep(0.002)
        return True

    def end(self) -> int:
        """Wait for the server's end, which its closed input asks for; its exit status."""
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def _read(self, out: IO[bytes]) -> None:
        framer = Framer()
        while data := os.read(out.fileno(), 65_536):
            for body in framer.feed(data):
                self._receive(json.loads(body))
        self.garbage = framer.garbage

    def _receive(self, message: Message) -> None:
        method = message.get("method")
        if method is None:
            if "error" in message:
                self.errors.append(message)
            # Of all that is asked here only completions are answered with a list.
            result = message.get("result")
            self.suggestions += isinstance(result, list) and bool(result)
            self.answers[key(message.get("id"))] += 1
        elif "id" in message:
            answer = self._on_request(message)
            self.write(answer) if isinstance(answer, bytes) else self.send(answer)
        elif method == "window/showMessage":
            self.shown.append(message["params"]["message"])


def failures_in(log: Path) -> list[str]:
    """The lines of a server's log about what failed inside of it, which its client is not told."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    failed = [line for line in lines if " ERROR sidelong" in line or "could not be handled" in line]
    return [line for line in failed if "Method Not Found" not in line]


def key(id: object) -> str:
    """An id such that 1 and "1" are two."""
    return json.dumps(id)
