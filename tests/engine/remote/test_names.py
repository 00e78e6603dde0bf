"""Nobody waits for a name: a look-up that never ends stands for a name server that stalls."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest

from sidelong.engine.remote.names import NamesLoop

PATIENCE_S = 60

PROBES = """
import socket, threading
socket.getaddrinfo = lambda *_, **__: threading.Event().wait()

from sidelong.engine.remote.endpoint import endpoint_of
from sidelong.engine.remote.probe import probe
from sidelong.settings import UserSettings

user = UserSettings(remote="http://gpu.lan/v1", remote_format="infill", remote_timeout_ms=100)
print(probe(endpoint_of(user)).problem)
"""


def test_a_process_ends_while_its_name_server_stalls() -> None:
    """`subprocess` raises if it does not."""
    command = [sys.executable, "-c", PROBES]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert ended.stdout == "has not completed within 100 ms\n"


def test_a_name_is_found_as_elsewhere() -> None:
    loop = NamesLoop()
    try:
        found = loop.run_until_complete(loop.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM))
        assert found == socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
        with pytest.raises(UnicodeError):
            loop.run_until_complete(loop.getaddrinfo("a" * 64, 80))
    finally:
        loop.close()


def test_those_who_ask_for_the_same_name_share_one_look_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    answers = threading.Event()

    def slowly(host: str, *_: object) -> list[str]:
        asked.append(host)
        answers.wait()
        return [host]

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    loop = NamesLoop()

    async def story() -> list[str]:
        gone, *waiting = [asyncio.create_task(loop.getaddrinfo("gpu", 80)) for _ in range(3)]
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        answers.set()
        return [found for (found,) in await asyncio.gather(*waiting)]

    try:
        assert loop.run_until_complete(story()) == ["gpu", "gpu"]
        assert asked == ["gpu"]
    finally:
        loop.close()
