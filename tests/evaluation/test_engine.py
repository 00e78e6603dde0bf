"""A mode's cost measured on its own, with the shipped model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sidelong.engine.completer import Completer
from sidelong.engine.model.protocol import Cancel, Stopped
from sidelong.evaluation.blanks import Blank
from sidelong.evaluation.cases import Case, File
from sidelong.evaluation.engine import ColdEngine
from sidelong.evaluation.run import Completion, Mode, evaluate
from sidelong.settings import Settings
from sidelong_index import build

if TYPE_CHECKING:
    from sidelong.engine.model.llama import LlamaModel

CART = "def total(prices):\n    result = sum(prices)\n    return result\n"
TILL = "def total(costs):\n    result = sum(costs)\n    return result\n"
CASE = Case(File("cart.py", "python", CART), Blank(23, 42, "line"))
SNAPSHOT = build([("cart.py", CART), ("till.py", TILL)])


def run(model: LlamaModel, *modes: Mode) -> list[Completion]:
    engine = ColdEngine(Completer(model), Cancel())
    settings = Settings(min_probability=0.0, context_tokens=200)
    return list(
        evaluate([CASE], snapshot=SNAPSHOT, complete=engine, modes=modes, settings=settings)
    )


def test_no_mode_is_helped_by_what_another_left_in_the_cache(llama: LlamaModel) -> None:
    never, always, again = run(llama, "never", "always", "never")
    assert never.tokens.evaluated == never.tokens.prompt == again.tokens.evaluated
    # The one token more is <fim_middle>, evaluated in vain before <cc> took its place.
    assert always.tokens.evaluated == always.tokens.prompt + 1 > never.tokens.prompt


def test_without_the_engine_the_second_mode_would_be_nearly_free(llama: LlamaModel) -> None:
    completer = Completer(llama)

    def warm(request, *, snapshot, exclude):  # type: ignore[no-untyped-def]
        return completer.complete(request, snapshot=snapshot, cancel=Cancel(), exclude=exclude)

    _, again = evaluate([CASE], snapshot=SNAPSHOT, complete=warm, modes=("never", "never"))
    assert again.tokens.evaluated < again.tokens.prompt


def test_an_answer_is_the_same_from_an_empty_cache(llama: LlamaModel) -> None:
    first, *others = run(llama, "never", "always", "never")
    assert first.text == others[-1].text


def test_a_set_cancel_stops_the_engine(llama: LlamaModel) -> None:
    cancel = Cancel()
    cancel.set()
    engine = ColdEngine(Completer(llama), cancel)
    with pytest.raises(Stopped):
        list(evaluate([CASE], snapshot=SNAPSHOT, complete=engine))
