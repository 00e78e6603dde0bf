"""`serve_tcp`: the same server for one client on loopback, for debugging."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sidelong.lsp.framing import Framer, frame

TIMEOUT_S = 30.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    script = Path(__file__).with_name("scripted_server.py")
    command = [sys.executable, str(script), str(tmp_path / "server.log"), "--tcp"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        yield process, int(process.stderr.readline())
        process.kill()


def call(connection: socket.socket, method: str, id: int | None = None) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "method": method, "params": {"capabilities": {}}}
    connection.sendall(frame(json.dumps(message | ({} if id is None else {"id": id})).encode()))
    framer = Framer()
    while id is not None:
        for body in framer.feed(connection.recv(65_536)):
            response: dict[str, Any] = json.loads(body)
            if response.get("id") == id:
                return response
    return {}


def test_one_client_is_served(server: tuple[subprocess.Popen[bytes], int]) -> None:
    process, port = server
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
        result = call(connection, "initialize", 1)["result"]
        assert result["serverInfo"]["name"] == "sidelong"
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as second:
            assert second.recv(1) == b""
        assert "result" in call(connection, "shutdown", 2)
        call(connection, "exit")
        assert process.wait(TIMEOUT_S) == 0


def test_a_page_in_a_browser_gets_no_answer_and_takes_nobodys_place(
    server: tuple[subprocess.Popen[bytes], int],
) -> None:
    process, port = server
    message = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
    ).encode()
    post = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n"
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as browser:
        browser.sendall(post + frame(message))
        with suppress(ConnectionResetError):
            assert browser.recv(1) == b""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
        assert "result" in call(connection, "initialize", 1)
        call(connection, "shutdown", 2)
        call(connection, "exit")
        assert process.wait(TIMEOUT_S) == 0


def test_the_server_ends_with_its_connection(
    server: tuple[subprocess.Popen[bytes], int],
) -> None:
    process, port = server
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
        call(connection, "initialize", 1)
    assert process.wait(TIMEOUT_S) == 1
