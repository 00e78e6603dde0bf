"""A real llama-server on loopback with nano, where it is built; see `bench.peer.build`."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.peer.build import NotBuilt, server
from bench.peer.serving import Served, served
from tests.engine.families.conftest import Kind, write

from sidelong.engine.generate import Plan, generate
from sidelong.engine.loading import connect
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Stopped
from sidelong.engine.prompt import Budget
from sidelong.engine.remote.endpoint import TOKEN, Endpoint, endpoint_of
from sidelong.engine.remote.probe import probe
from sidelong.engine.remote.wire import Failure
from sidelong.engine.selftest import PROBE
from sidelong.settings import UserSettings

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGSTOP"), reason="the server is stopped by signals of POSIX systems"
)

PATIENCE_S = 60
OPTIONS = ("-t", "1", "-tb", "1", "-np", "1", "-c", "768")
KEY = "a-token"
ABOVE = (
    "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n"
)
TYPED = "        self."
BELOW = "\n"
CODE = f"{ABOVE}{TYPED}$0{BELOW}"
SERIES = "\n".join(f"number_{n} = {n * 7919}" for n in range(400))


@pytest.fixture(scope="module")
def executable() -> Path:
    """llama-server."""
    try:
        return server(build=False)
    except NotBuilt as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of `llama_server`."""
    return tmp_path_factory.mktemp("llama-server") / "log"


@pytest.fixture(scope="module")
def llama_server(executable: Path, default_model: Path, log: Path) -> Iterator[Served]:
    """A server with the shipped model, which wants a token."""
    with served(executable, default_model, [*OPTIONS, "--api-key", KEY], log=log) as running:
        yield running


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """The token, as users give it."""
    monkeypatch.setenv(TOKEN, KEY)


@pytest.fixture(params=["infill", "starcoder"])
def ask(request: pytest.FixtureRequest, new_asker: Callable[..., Any], llama_server: Served) -> Any:
    """Asks the server by either of its endpoints."""
    return new_asker(address(llama_server, request.param), remote_format=request.param)


def address(running: Served, format_: str) -> str:
    return running.url if format_ == "infill" else f"{running.url}/v1"


def endpoint(running: Served, format_: str) -> Endpoint:
    found = endpoint_of(UserSettings(remote=address(running, format_), remote_format=format_))
    assert found is not None
    return found


def cancelled(log: Path) -> int:
    return log.read_bytes().count(b"cancel task")


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_writes_what_the_same_model_writes_here(
    ask: Any, llama: LlamaModel, request: pytest.FixtureRequest
) -> None:
    answer = ask(CODE, max_lines=1)
    assert answer.remote.problem == ""
    assert answer.remote.requests == 1
    special = llama.special
    assert special.fim_middle is not None
    before, typed = llama.tokenize(ABOVE), llama.tokenize(TYPED)
    suffix = [special.fim_suffix, *llama.tokenize(BELOW), special.fim_middle]
    infill = "infill" in request.node.name  # which has the typed part before the suffix
    prompt = [special.fim_prefix, *before]
    prompt += [*typed, *suffix] if infill else [*suffix, *typed]
    logits = llama.evaluate(prompt, rows=1, cancel=Cancel()).logits[0]
    plan = Plan(context=(), owed=b"", max_tokens=64, stop=lambda text: text.count("\n") > 1)
    written = generate(llama, prompt, logits, plan, cancel=Cancel())
    assert answer.text
    assert written.text.startswith(answer.text)
    assert 0 < answer.probability < 1


def test_it_stops_writing_when_the_text_is_enough(ask: Any, log: Path) -> None:
    already = cancelled(log)
    for _ in range(20):  # It may have written all before it is told.
        assert ask(CODE, max_lines=1, max_tokens=600).remote.problem == ""
        time.sleep(0.1)
        if cancelled(log) > already:
            return
    pytest.fail("no text was cut short")


def test_a_cancellation_closes_the_stream(ask: Any, llama_server: Served, log: Path) -> None:
    already, cancel = cancelled(log), Cancel()
    llama_server.process.send_signal(signal.SIGSTOP)
    threading.Timer(0.3, cancel.set).start()
    try:
        with pytest.raises(Stopped):
            ask(CODE, cancel=cancel)
    finally:
        llama_server.process.send_signal(signal.SIGCONT)
    until(lambda: cancelled(log) > already)
    assert ask(CODE).remote.problem == ""


def test_a_server_that_stalls_costs_the_time_limit_and_nothing_else(
    new_asker: Callable[..., Any], llama_server: Served
) -> None:
    ask = new_asker(llama_server.url, remote_format="infill", remote_timeout_ms=300)
    llama_server.process.send_signal(signal.SIGSTOP)
    try:
        answer = ask(CODE)
    finally:
        llama_server.process.send_signal(signal.SIGCONT)
    assert answer.remote.problem == "it has not completed within 300 ms"
    assert answer.model.startswith("nano")


def test_another_token_is_refused_and_the_doctor_says_so(
    llama_server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "another")
    found = probe(endpoint(llama_server, "infill"))
    assert (found.problem, found.status) == ("wants another token (status 401)", 401)
    assert found.server_says == "Invalid API Key"


@pytest.mark.parametrize("format_", ["infill", "starcoder"])
def test_the_doctors_probe_is_answered_and_timed(llama_server: Served, format_: str) -> None:
    found = probe(endpoint(llama_server, format_))
    assert found.problem == ""
    assert all(0 < each.first_ms <= each.all_ms for each in found.timings)


def test_a_prompt_that_does_not_fit_is_refused_once_and_only_that_one(ask: Any) -> None:
    answer = ask(f"{SERIES}\nlast = $0\n{SERIES}\n")
    assert answer.remote.problem == "it has no room for so long a prompt (status 400)"
    assert answer.remote.requests == 1
    assert answer.model.startswith("nano")
    assert ask(CODE).probability < 1


def test_a_model_that_cannot_fill_in_is_named_as_one(
    executable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write(tmp_path / "chat.gguf", Kind("qwen2", ("<|endoftext|>", "<|im_end|>")))
    with served(executable, model, ["-t", "1", "-np", "1", "-c", "256", "--no-warmup"]) as running:
        found = probe(endpoint(running, "infill"))
    assert found.status == 501
    assert found.server_says.startswith("Infill is not supported by this model")


def test_a_server_that_dies_in_the_middle_of_a_text(executable: Path, default_model: Path) -> None:
    with served(executable, default_model, OPTIONS) as running:
        generator = connect(endpoint(running, "infill"))

        def dies(_: str) -> bool:
            running.process.kill()
            return False

        plan = Plan(context=(), owed=b"", max_tokens=600, stop=dies)
        budget = Budget(prefix=64, suffix=64, context=0, generated=600)
        try:
            received = generator.write(PROBE, (), budget, plan, Cancel())
            assert received.generated is None or received.generated.reason == "cut"
            running.process.wait(PATIENCE_S)
            after = generator.write(PROBE, (), budget, plan, Cancel())
            assert isinstance(after.failure, Failure)
            assert "cannot be reached" in str(after.failure)
        finally:
            generator.close()
