"""A real server of the same llama.cpp, on loopback, with the shipped model."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from bench.peer.serving import free_port

from sidelong.engine.generate import Plan, generate
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.engine.remote.endpoint import endpoint_of
from sidelong.engine.remote.probe import probe
from sidelong.settings import UserSettings

pytest.importorskip("sse_starlette", reason="llama-cpp-python[server] is not installed")

PATIENCE_S = 120
ABOVE = "def area(width, height):\n"
TYPED = "    return ("
BELOW = ")\n\n\nprint(area(2, 3))\n"
CODE = f"{ABOVE}{TYPED}$0{BELOW}"
CLASS = (
    "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n"
)


@pytest.fixture(scope="module")
def server(default_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the shipped model; its log is in the test's folder."""
    port = free_port()
    folder = tmp_path_factory.mktemp("server")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "llama_cpp.server", "--model", str(default_model),
             "--host", "127.0.0.1", "--port", str(port), "--n_ctx", "2048",
             "--n_threads", "1", "--n_threads_batch", "1"],
            stdout=log, stderr=log, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}/v1"
    try:
        _wait_for(process, url, folder / "log")
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            if httpx2.get(f"{url}/models", trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise TimeoutError(log.read_text(errors="replace"))


@pytest.fixture
def ask(new_asker: Callable[..., Any], server: str) -> Any:
    """Asks with the server as the remote model; its model reads this format, if not gladly."""
    return new_asker(server, remote_format="starcoder", remote_timeout_ms=60_000)


def own(llama: LlamaModel, above: str, typed: str, below: str) -> str:
    """The line that the same model writes here behind the same prompt."""
    special = llama.special
    assert special.fim_middle is not None
    prompt = [
        special.fim_prefix, *llama.tokenize(above), special.fim_suffix, *llama.tokenize(below),
        special.fim_middle, *llama.tokenize(typed),
    ]  # fmt: skip
    logits = llama.evaluate(prompt, rows=1, cancel=Cancel()).logits[0]
    plan = Plan(context=(), owed=b"", max_tokens=64, stop=lambda text: "\n" in text)
    return generate(llama, prompt, logits, plan, cancel=Cancel()).text


def test_it_writes_what_the_same_model_writes_here(ask: Any, llama: LlamaModel) -> None:
    answer = ask(CODE, max_lines=1)
    assert answer.remote.problem == ""
    assert answer.model.startswith("a remote model at 127.0.0.1:")
    written = own(llama, ABOVE, TYPED, BELOW)
    assert answer.text
    assert written.startswith(answer.text.rstrip(")"))
    assert 0 < answer.probability < 1


def test_half_a_word_that_the_model_would_write_is_healed(ask: Any, llama: LlamaModel) -> None:
    written = own(llama, CLASS, "        self.", "\n")
    half = written[:2]
    assert half.isidentifier()
    answer = ask(f"{CLASS}        self.{half}$0\n", max_lines=1)
    assert answer.remote.problem == ""
    assert answer.remote.requests == 1
    assert len(answer.text) > 2
    assert written.startswith(half + answer.text)


def test_half_a_word_that_it_would_not_write_is_asked_for_again(
    ask: Any, llama: LlamaModel
) -> None:
    assert not own(llama, CLASS, "        self.", "\n").startswith("co")
    answer = ask(f"{CLASS}        self.co$0\n", max_lines=1)
    assert answer.remote.problem == ""
    assert answer.remote.requests == 2
    assert answer.text
    assert own(llama, CLASS, "        self.co", "\n").startswith(answer.text)


def test_it_answers_after_streams_that_were_closed_early(ask: Any) -> None:
    for _ in range(3):
        assert ask(CODE, max_lines=1).remote.problem == ""


def test_the_doctors_probe_is_answered_and_timed(server: str) -> None:
    user = UserSettings(remote=server, remote_format="starcoder", remote_timeout_ms=60_000)
    endpoint = endpoint_of(user)
    assert endpoint is not None
    found = probe(endpoint)
    assert found.problem == ""
    assert len(found.timings) == 2
    assert all(0 < each.first_ms <= each.all_ms for each in found.timings)
