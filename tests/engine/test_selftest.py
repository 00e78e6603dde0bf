"""The self-test: what loads and still cannot serve is found out before it serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sidelong.engine.completer import Completer
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Evaluation, Stopped
from sidelong.engine.selftest import check
from sidelong.errors import ModelError, ModelUnsupported


class Changed:
    """A model with something wrong about it."""

    def __init__(self, model: LlamaModel, **changes: object) -> None:
        self._model = model
        self.evaluated: list[int] = []
        vars(self).update(changes)

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)

    def evaluate(self, tokens: Sequence[int], *, rows: int, cancel: Cancel) -> Evaluation:
        self.evaluated.append(len(tokens))
        return self._model.evaluate(tokens, rows=rows, cancel=cancel)


class Numb(Changed):
    """Answers with what are no numbers."""

    name = "numb.gguf"

    def evaluate(self, tokens: Sequence[int], *, rows: int, cancel: Cancel) -> Evaluation:
        found = super().evaluate(tokens, rows=rows, cancel=cancel)
        found.logits[0, 3] = np.nan
        return found


def checked(model: Any, policy: Any = None, cancel: Cancel | None = None) -> None:
    completer = Completer(model, policy)
    try:
        check(completer, cancel)
    finally:
        completer._searcher.close()


def test_a_model_that_works_passes_and_is_asked_a_few_tokens_only(llama: LlamaModel) -> None:
    model, policy = Changed(llama), Changed(llama)
    checked(model, policy)
    assert [len(asked.evaluated) for asked in (model, policy)] == [1, 1]
    assert 0 < sum(model.evaluated + policy.evaluated) < 100


def test_a_model_whose_answers_are_no_numbers_fails_by_name(llama: LlamaModel) -> None:
    with pytest.raises(ModelUnsupported, match=r"numb\.gguf does not work.*fetch it again"):
        checked(Numb(llama))


def test_the_policy_is_tested_too(llama: LlamaModel) -> None:
    with pytest.raises(ModelUnsupported, match=r"numb\.gguf"):
        checked(llama, Numb(llama))


def test_special_tokens_beyond_the_vocabulary_fail(llama: LlamaModel) -> None:
    wrong = replace(llama.special, fim_middle=10_000_000)
    with pytest.raises(ModelError, match="not in its vocabulary"):
        checked(Changed(llama, special=wrong))


def test_a_set_cancel_stops_it(llama: LlamaModel) -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Stopped):
        checked(llama, cancel=cancel)
