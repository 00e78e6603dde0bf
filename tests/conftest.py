"""The fixtures of many tests: the shipped model, the test's own folders, a scripted server."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from tests.qwen import FILE

from sidelong.engine import Speed
from sidelong.engine.model.llama import LlamaModel
from sidelong.paths import nano_model
from sidelong.settings import UserSettings
from sidelong.shipped import keep_speed

SLOW = Speed(prefill=1, decode=1)
"""Tokens a second of the larger model in the package: too few, so that the small one is used."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As shells start what runs in the background; programs under test would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the user's settings or touches the user's cache; the machine is a slow one."""
    folder = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("SIDELONG_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setenv("SIDELONG_SPEED_FILE", str(folder / "speed.json"))
    for threads in (None, 1, 2):  # as many as tests give to a server
        keep_speed(SLOW, UserSettings(threads=threads))
    monkeypatch.setenv("SIDELONG_CONFIG", str(folder / "config.toml"))
    monkeypatch.setenv("SIDELONG_MODELS_DIR", str(folder / "models"))


@pytest.fixture(scope="session")
def default_model() -> Path:
    """The GGUF that ships in the package for slow machines, such as the tests' machine is."""
    path = nano_model()
    assert path.is_file(), "the package lacks its model: git checkout server/sidelong/data"
    return path


@pytest.fixture(scope="session")
def llama(default_model: Path) -> Iterator[LlamaModel]:
    """The shipped model, loaded once; tests must not count on what its KV cache holds."""
    model = LlamaModel(default_model, threads=1)
    yield model
    model.close()


@pytest.fixture(scope="module")
def qwen() -> Iterator[LlamaModel]:
    """The real Qwen2.5-Coder that `SIDELONG_QWEN` names, for tests marked `needs_file`."""
    model = LlamaModel(Path(FILE or ""))
    yield model
    model.close()


Part: TypeAlias = bytes | str | None
"""Of an answer: bytes as they are, a piece of a completion, or None to stall."""


class Remote:
    """An HTTP server on loopback that answers each POST as it was told, the last way for ever."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], list[Part]]] = []
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.gone = threading.Event()
        """Set when a client has closed the connection of an answer that was not over."""
        self.over = threading.Event()
        """Set at the end of the test: stalling ends."""
        remote = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                remote.requests.append(json.loads(body))
                remote.headers.append(dict(self.headers))
                remote.paths.append(self.path)
                more = len(remote.answers) > 1
                remote._give(self, *(remote.answers.pop(0) if more else remote.answers[0]))

            def do_GET(self) -> None:
                remote.paths.append(self.path)
                listed = json.dumps({"data": [{"id": "qwen-big"}]}).encode()
                remote._give(self, 200, {"Content-Type": "application/json"}, [listed])

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/v1"

    @property
    def settings(self) -> dict[str, Any]:
        """The user's settings for it, in an editor's form."""
        return {"model": {"remote": self.url, "remoteFormat": "qwen2.5-coder"}}

    def writes(self, *pieces: Part, ends: bool = True) -> None:
        """Answer from now on, or after what was told before, with these pieces of text."""
        parts = [*pieces, b"data: [DONE]\n\n"] if ends else list(pieces)
        self.answers.append((200, {"Content-Type": "text/event-stream"}, parts))

    def does(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Answer with a status."""
        self.answers.append((status, headers, [body]))

    def _give(
        self,
        handler: BaseHTTPRequestHandler,
        status: int,
        headers: dict[str, str],
        parts: list[Part],
    ) -> None:
        try:
            handler.send_response(status)
            for name, value in {"Connection": "close", **headers}.items():
                handler.send_header(name, value)
            handler.end_headers()
            for part in parts:
                if part is None:
                    self._stall(handler)
                handler.wfile.write(_event(part) if isinstance(part, str) else part or b"")
                handler.wfile.flush()
        except OSError:
            self.gone.set()
        handler.close_connection = True

    def _stall(self, handler: BaseHTTPRequestHandler) -> None:
        handler.connection.settimeout(0.02)
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                if not handler.connection.recv(1):
                    self.gone.set()
                    return

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


def _event(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"text": text}]}).encode() + b"\n\n"


@pytest.fixture
def new_remote() -> Iterator[Callable[[], Remote]]:
    """Makes HTTP servers that are gone after the test."""
    made: list[Remote] = []

    def make() -> Remote:
        made.append(Remote())
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def remote(new_remote: Callable[[], Remote]) -> Remote:
    """An HTTP server in the place of one that serves a model."""
    return new_remote()
