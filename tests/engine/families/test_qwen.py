"""A real stock model, where `SIDELONG_QWEN` names its file: Qwen2.5-Coder, base or instruct.

It reads what its README says, token for token, stops where it should, and costs a keystroke
little. Takes minutes with 500 million weights on a slow machine.
"""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp
import pytest
from tests.qwen import ABOVE, BELOW, in_every_place, needs_file, with_either_line_end

from sidelong.engine.completer import Completer
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.engine.request import Answer, Request
from sidelong.engine.view import view
from sidelong.settings import Settings
from sidelong_index import Hit, build

pytestmark = needs_file

OTHER = "def mean(values):\n    return sum(values) / len(values)\n"


def published(model: LlamaModel, text: str) -> list[int]:
    """The tokens of a prompt as the documentation writes it, cut by llama.cpp."""
    data = text.encode()
    room = (llama_cpp.llama_token * (len(data) + 8))()
    n = llama_cpp.llama_tokenize(model._vocab, data, len(data), room, len(room), False, True)
    return list(ctypes.cast(room, ctypes.POINTER(llama_cpp.llama_token))[:n])


def request(before: str, after: str, **settings: Any) -> Request:
    chosen: dict[str, Any] = {"retrieval": "never", "min_probability": 0.0}
    offset = len(before)
    return Request(
        "main.py", "python", before + after, offset, Settings(**chosen | settings), project="shop"
    )


def ask(model: LlamaModel, before: str, after: str = BELOW, **settings: Any) -> Answer:
    asked = request(before, after, **settings)
    return Completer(model).complete(asked, snapshot=build([]), cancel=Cancel())


@in_every_place
@with_either_line_end
def test_the_prompt_is_the_documentations(
    qwen: LlamaModel, typed: str, after: str, ends: str
) -> None:
    before = ABOVE + typed
    wanted = f"<|fim_prefix|>{before}<|fim_suffix|>{after}<|fim_middle|>"
    before, after = (text.replace("\n", ends) for text in (before, after))
    seen = view(qwen, request(before, after, token_healing=False), qwen.budget)
    assert seen.prompt == published(qwen, wanted)


def test_chunks_stand_as_the_documentation_has_other_files(qwen: LlamaModel) -> None:
    seen = view(qwen, request(ABOVE, BELOW, token_healing=False), qwen.budget)
    hit = Hit("mean.py", 1, 2, 1.0, OTHER, "")
    assert seen.with_chunks([hit]) == published(
        qwen,
        f"<|repo_name|>shop\n<|file_sep|>mean.py\n{OTHER}<|file_sep|>main.py\n"
        f"<|fim_prefix|>{ABOVE}<|fim_suffix|>{BELOW}<|fim_middle|>",
    )


def test_the_likeliest_end_is_known_as_one(qwen: LlamaModel) -> None:
    """Greedy decoding seldom comes to it: the small instruct model writes on."""
    seen = view(qwen, request(ABOVE, BELOW, token_healing=False), qwen.budget)
    middle = qwen.tokenize("        result += price")
    found = qwen.evaluate([*seen.prompt, *middle], rows=1, cancel=Cancel())
    special = qwen.pieces.special
    end = int(special[found.logits[0][special].argmax()])
    assert llama_cpp.llama_vocab_get_text(qwen._vocab, end) == b"<|endoftext|>"


@pytest.mark.parametrize("healing", [True, False], ids=["healed", "published"])
def test_bare_indentation_gets_no_space_too_many(qwen: LlamaModel, healing: bool) -> None:
    text = ask(qwen, ABOVE + "        ", token_healing=healing, max_tokens=8, max_lines=1).text
    assert text.startswith("result")


def test_a_keystroke_evaluates_few_tokens(qwen: LlamaModel) -> None:
    completer, typed = Completer(qwen), "        result += pri"
    qwen.forget()
    costs = []
    for n in range(len(typed) - 5, len(typed) + 1):
        asked = request(ABOVE + typed[:n], BELOW, max_tokens=1)
        answer = completer.complete(asked, snapshot=build([]), cancel=Cancel())
        costs.append(answer.tokens.evaluated)
    assert costs[0] > 20
    assert max(costs[1:]) <= 4
