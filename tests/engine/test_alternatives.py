"""Other texts for the same cursor: where they part, in which order, and which are dropped."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import pytest

from sidelong.engine.alternatives import Beginning, branches, distinct
from sidelong.engine.completer import Completer
from sidelong.engine.gate import Decision
from sidelong.engine.generate import Choice, Generated, Step
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Evaluation, Stopped
from sidelong.engine.request import Answer, Request
from sidelong.engine.trim import Trimmed, Trimmer
from sidelong.settings import Settings
from sidelong_index import build

Steps = Sequence[dict[str, float]]
"""The tokens that may come at each place, the likeliest first."""


def choices(step: dict[str, float]) -> list[Choice]:
    return [Choice(hash(piece), piece.encode(), p) for piece, p in step.items()]


def generated(steps: Steps) -> Generated:
    decisions = tuple(Step(first, tuple(rest)) for first, *rest in map(choices, steps))
    text = "".join(next(iter(step)) for step in steps)
    return Generated(text, len(steps), 1.0, "finished", decisions)


def others(steps: Steps, rest: Steps = (), *, most: int = 8) -> list[str]:
    """The texts that part from `steps`, each of which goes on with `rest`."""

    def write(beginning: Beginning) -> Generated:
        goes_on = generated(rest)
        begun = b"".join(choice.piece for choice in beginning).decode()
        return Generated(begun + goes_on.text, 1, 0.5, "finished", goes_on.steps)

    return [text.text for text in islice(branches(generated(steps), write), most)]


def test_they_part_where_the_model_was_least_sure() -> None:
    assert others([{"a": 0.9, "b": 0.1}, {"c": 0.5, "d": 0.4}]) == ["ad", "b"]


def test_a_beginning_is_as_likely_as_all_of_it() -> None:
    steps = [{"a": 0.5, "b": 0.3}, {"c": 0.5, "d": 0.5}, {"e": 0.6, "f": 0.4}]
    assert others(steps) == ["b", "ad", "acf"]


def test_what_parted_may_part_again() -> None:
    texts = others([{"a": 0.6, "b": 0.4}], rest=[{"x": 0.6, "y": 0.4}], most=3)
    assert texts == ["bx", "byx", "byyx"]


def test_another_way_to_cut_the_same_text_is_no_other_text() -> None:
    assert others([{"self": 0.5, "se": 0.3, "set": 0.2}]) == ["set"]


def test_a_text_may_go_on_where_another_ends() -> None:
    assert others([{"a": 0.9, "ab": 0.1}]) == ["ab"]


def test_unlikely_beginnings_are_not_tried() -> None:
    assert others([{"a": 0.9, "b": 0.009}]) == []


def test_nothing_is_written_before_it_is_asked_for() -> None:
    written = []

    def write(beginning: Beginning) -> Generated:
        written.append(beginning)
        return generated([{"z": 1.0}])

    found = branches(generated([{"a": 0.5, "b": 0.3, "c": 0.2}]), write)
    assert written == []
    next(found)
    assert len(written) == 1


def answer(text: str, probability: float = 0.5) -> Answer:
    return Answer(text, Decision(None, 0.5, "never", retrieved=False), probability=probability)


def test_what_differs_is_kept_likeliest_first() -> None:
    candidates = [answer(text, p) for text, p in [("b", 0.1), ("a ", 0.9), ("", 0.9), ("c", 0.3)]]
    assert [other.text for other in distinct(answer("a"), candidates, most=3)] == ["c", "b"]


def test_no_more_are_taken_than_wanted() -> None:
    candidates = iter([answer("b"), answer("c"), answer("d")])
    assert len(distinct(answer("a"), candidates, most=2)) == 2
    assert next(candidates).text == "d"


def test_it_gives_up_where_all_are_the_same() -> None:
    candidates = iter([answer("a")] * 10)
    assert distinct(answer("a"), candidates, most=2) == ()
    assert len(list(candidates)) == 6


CODE = """
class Box:
    def __init__(self, width, height):
        self.width = width
        self.height = height

    def area(self):
        return $0
"""
OTHER = """
class Board:
    def area(self):
        return self.columns * self.rows
"""


class Counted:
    """The shipped model, with the tokens that went through it counted."""

    def __init__(self, model: LlamaModel, stop_at: int = -1) -> None:
        self._model, self._stop_at = model, stop_at
        self.evaluated: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def evaluate(self, tokens: Sequence[int], *, cancel: Cancel, **how: Any) -> Evaluation:
        if len(self.evaluated) == self._stop_at:
            cancel.set()
        found = self._model.evaluate(tokens, cancel=cancel, **how)
        self.evaluated.append(found.evaluated)
        return found


def complete(model: Any, *, most: int, **settings: Any) -> Answer:
    before, after = CODE.split("$0")
    # However unsure the model is.
    given = Settings(min_probability=0.0, **settings)
    request = Request("main.py", "python", before + after, len(before), given, alternatives=most)
    completer = Completer(model)
    try:
        snapshot = build([("shapes.py", OTHER)])
        return completer.complete(request, snapshot=snapshot, cancel=Cancel())
    finally:
        completer._searcher.close()


def test_alternatives_differ_and_leave_the_first_as_it_was(llama: LlamaModel) -> None:
    alone = complete(llama, most=0)
    answer = complete(llama, most=3)
    assert alone.alternatives == ()
    assert (answer.text, answer.probability) == (alone.text, alone.probability)
    texts = [answer.text, *(other.text for other in answer.alternatives)]
    assert len(set(texts)) == 4, texts


def test_an_alternative_costs_only_what_it_writes(llama: LlamaModel) -> None:
    llama.forget()
    model = Counted(llama)
    answer = complete(model, most=2, retrieval="never")
    of_the_first = answer.tokens.generated
    # One that parts late from the first, after one that parted early, reads its beginning again.
    assert max(model.evaluated[of_the_first:]) <= of_the_first + 1
    model.evaluated.clear()
    complete(model, most=0, retrieval="never")
    assert model.evaluated[0] <= 2, "what is read of the prompt stays read"


def test_no_alternative_is_begun_once_time_is_up(
    llama: LlamaModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sidelong.engine.completer.ALTERNATIVES_FOR_S", 0.0)
    answer = complete(llama, most=3)
    assert answer.text
    assert answer.alternatives == ()


def test_where_trim_leaves_nothing_of_the_first_the_likeliest_other_is_the_answer(
    llama: LlamaModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = iter([Trimmed("", 0, "suffix-overlap")])
    trim = Trimmer.trim
    monkeypatch.setattr(Trimmer, "trim", lambda self, text: next(kept, None) or trim(self, text))
    answer = complete(llama, most=3)
    assert answer.text
    assert answer.alternatives
    assert all(other.probability <= answer.probability for other in answer.alternatives)


def test_the_gate_is_offered_decided_otherwise(llama: LlamaModel) -> None:
    for threshold, retrieved in ((1.0, False), (0.0, True)):
        answer = complete(llama, most=1, threshold=threshold)
        assert answer.gate.retrieved is retrieved
        (otherwise,) = answer.alternatives
        assert otherwise.gate.retrieved is not retrieved
        assert otherwise.text == complete(llama, most=0, threshold=1.0 - threshold).text
    never = complete(llama, most=3, retrieval="never")
    assert not any(other.gate.retrieved for other in never.alternatives)


@pytest.mark.parametrize("most", [0, 3])
def test_a_cancelled_request_stops_inside_an_alternative(llama: LlamaModel, most: int) -> None:
    first = Counted(llama)
    complete(first, most=0)
    later = Counted(llama, stop_at=len(first.evaluated) + 2)
    if most:
        with pytest.raises(Stopped):
            complete(later, most=most)
    else:
        complete(later, most=most)
