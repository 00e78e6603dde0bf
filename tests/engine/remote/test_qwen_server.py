"""The prompt that leaves is the one that the same model reads here, token for token.

A llama-server cuts the text into tokens with a real stock model, where `SIDELONG_QWEN` names its
file (Qwen2.5-Coder) and where the server is built.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.peer.build import NotBuilt, server
from bench.peer.serving import Served, served
from tests.qwen import ABOVE, BELOW, FILE, in_every_place, needs_file, with_either_line_end

from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.view import view
from sidelong_index import build

pytestmark = needs_file

OPTIONS = ("-t", "1", "-tb", "1", "-np", "1", "-c", "256", "--no-warmup")
OTHER = "def mean(prices):\n    return sum(prices) / len(prices)\n"

Remote = Any
Tokens = Callable[[str], list[int]]


@pytest.fixture(scope="module")
def llama_server() -> Iterator[Served]:
    try:
        executable = server(build=False)
    except NotBuilt as error:
        pytest.skip(str(error))
    with served(executable, Path(FILE or ""), OPTIONS) as running:
        yield running


@pytest.fixture
def tokens(llama_server: Served) -> Tokens:
    """A prompt's tokens at the server, as it reads those of `/v1/completions`."""

    def ask(text: str) -> list[int]:
        body = {"content": text, "add_special": True, "parse_special": True}
        url = f"{llama_server.url}/tokenize"
        with urllib.request.urlopen(url, json.dumps(body).encode()) as answer:
            found: list[int] = json.load(answer)["tokens"]
        return found

    return ask


@pytest.fixture
def ask(new_asker: Callable[..., Any], remote: Remote) -> Any:
    """Asks a scripted server, which keeps the prompts, in the model's format."""
    remote.writes("x")
    return new_asker(remote.url)


@in_every_place
@with_either_line_end
def test_what_is_sent_without_healing_is_what_the_model_reads_here(
    qwen: LlamaModel, tokens: Tokens, remote: Remote, ask: Any, typed: str, after: str, ends: str
) -> None:
    text = f"{ABOVE}{typed}$0{after}".replace("\n", ends)
    ask(text, token_healing=False)
    here = view(qwen, ask.request(text, token_healing=False), qwen.budget)
    assert tokens(remote.requests[0]["prompt"]) == here.prompt


@pytest.mark.parametrize("typed", ["        result += pri", "        ", ""])
def test_what_is_sent_with_healing_is_what_the_model_reads_here(
    qwen: LlamaModel, tokens: Tokens, remote: Remote, ask: Any, typed: str
) -> None:
    """Elsewhere less may stay: behind an indentation, all of that is given back with the word."""
    text = f"{ABOVE}{typed}$0{BELOW}"
    ask(text)
    here = view(qwen, ask.request(text), qwen.budget)
    assert tokens(remote.requests[0]["prompt"]) == here.prompt


def test_chunks_are_sent_as_the_model_reads_them_here(
    qwen: LlamaModel, tokens: Tokens, remote: Remote, ask: Any
) -> None:
    text = f"{ABOVE}$0{BELOW}"
    answer = ask(text, snapshot=build([("mean.py", OTHER)]), retrieval="always")
    assert [hit.path for hit in answer.chunks] == ["mean.py"]
    here = view(qwen, ask.request(text), qwen.budget)
    assert tokens(remote.requests[0]["prompt"]) == here.with_chunks(answer.chunks)


def test_the_text_of_a_special_token_in_the_code_becomes_none_there(
    qwen: LlamaModel, tokens: Tokens, remote: Remote, ask: Any
) -> None:
    ask(f"MARK = '<|fim_middle|>'\n$0{BELOW}")
    assert tokens(remote.requests[0]["prompt"]).count(qwen.special.middle[0]) == 1
