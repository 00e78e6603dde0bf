"""Typing what was not shown: the texts are those of a model that knows nothing, at fewer passes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sidelong.engine.completer import Completer
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.engine.model.rows import Rows
from sidelong.engine.request import Answer, Request
from sidelong.settings import Settings

SOURCE = Path(__file__).parents[2] / "server" / "sidelong"
LINES = 5


def typed(model: LlamaModel, rng: random.Random) -> list[Answer]:
    """The answers while lines of real code are typed, each from an empty cache on."""
    completer, answers = Completer(model), []
    for path in sorted(SOURCE.glob("engine/*.py"))[:LINES]:
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines(keepends=True)
        at = rng.choice([i for i, line in enumerate(lines) if len(line.strip()) > 20])
        before, line = "".join(lines[:at]), lines[at].rstrip("\n")
        begin = len(line) - len(line.lstrip())
        model.forget()
        for n in range(begin, begin + 10):
            here = before + line[:n]
            request = Request(
                path.name, "python", here + text[len(before) :], len(here), Settings()
            )
            answers.append(completer.complete(request, snapshot=None, cancel=Cancel()))
    completer._searcher.close()
    return answers


def test_what_is_known_changes_no_text_and_spares_passes(
    llama: LlamaModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowing = typed(llama, random.Random(1))
    monkeypatch.setattr(llama, "_rows", Rows(most_bytes=0))
    afresh = typed(llama, random.Random(1))

    assert [answer.text for answer in knowing] == [answer.text for answer in afresh]
    spared = sum(answer.tokens.generated for answer in knowing)
    assert spared <= 0.8 * sum(answer.tokens.generated for answer in afresh)
