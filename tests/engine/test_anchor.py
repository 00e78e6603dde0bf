"""Typing on from an anchor: little is evaluated, and only a continuation of the line goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sidelong.engine.anchor import MOST_TYPED, Anchor, Anchors
from sidelong.engine.completer import Completer
from sidelong.engine.gate import Decision
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Stopped
from sidelong.engine.request import Answer, Request
from sidelong.engine.view import View
from sidelong.settings import Settings
from sidelong_index import Snapshot, build

RETRIEVED = Decision(0.9, 0.5, "threshold", retrieved=True)
ABSTAINED = Decision(0.1, 0.5, "threshold", retrieved=False)


def request(code: str, **settings: object) -> Request:
    before, after = code.split("$0")
    return Request("main.py", "python", before + after, len(before), Settings(**settings))  # type: ignore[arg-type]


def goes_on(then: str, now: str, decision: Decision = RETRIEVED, **changed: object) -> bool:
    anchors = Anchors()
    anchors.keep(Anchor(request(then), None, decision, (), View([], b"", [], lambda hits: None)))
    return anchors.find(replace(request(now), **changed), None) is not None  # type: ignore[arg-type]


def test_typing_goes_on() -> None:
    assert goes_on("x = $0\ny\n", "x = foo$0\ny\n")
    assert goes_on("x = $0\n", "x = foo(a$0)\n")
    assert goes_on("x = $0\n", "x = foo([$0])\n")
    assert goes_on("x = $0\ny\n", "x = 1\n$0\ny\n")


def test_another_place_or_another_text_does_not() -> None:
    assert not goes_on("x = $0\ny\n", "x = \ny$0\n")
    assert not goes_on("x = fo$0\n", "x = f$0\n")
    assert not goes_on("x = $0\ny\n", "x = foo$0\nz\n")
    assert not goes_on("x = $0\n", "x = foo$0)\n")
    assert not goes_on("x = $0\n", f"x = {'a' * (MOST_TYPED + 1)}$0\n")


def test_where_nothing_is_spared_the_decision_is_made_again() -> None:
    assert not goes_on("x = $0\n", "x = foo$0\n", ABSTAINED)
    assert goes_on("x = $0\n", "x = foo($0)\n", ABSTAINED)


def test_other_settings_and_a_wish_for_alternatives_are_read_for_themselves() -> None:
    assert goes_on("x = $0\n", "x = a$0\n", settings=Settings(min_probability=0.5))
    assert not goes_on("x = $0\n", "x = a$0\n", settings=Settings(retrieval="always"))
    assert not goes_on("x = $0\n", "x = a$0\n", alternatives=2)
    assert not goes_on("x = $0\n", "x = a$0\n", path="other.py")
    assert not goes_on("x = $0\n", "x = a$0\n", root="file:///other/src")


AREA = "def area(width, height):\n    return width * height\n"
CODE = "def total(boxes):\n    for box in boxes:\n        result = $0\n    return result\n"
TYPED = "area(box.width, box.height)"


@pytest.fixture(scope="module")
def index() -> Snapshot:
    return build([("area.py", AREA), ("main.py", CODE.replace("$0", ""))])


@pytest.fixture
def completer(llama: LlamaModel) -> Iterator[Completer]:
    made = Completer(llama)
    yield made
    made._searcher.close()


def ask(completer: Completer, index: Snapshot, text: str, **settings: object) -> Answer:
    made = request(text, retrieval="always", context_tokens=120, min_probability=0.0, **settings)
    return completer.complete(made, snapshot=index, cancel=Cancel())


def test_a_keystroke_evaluates_what_was_typed_and_four_tokens_though_chunks_were_read(
    completer: Completer, index: Snapshot
) -> None:
    first = ask(completer, index, CODE)
    assert first.gate.retrieved
    assert first.tokens.evaluated > 40
    for n in range(1, len(TYPED) + 1):
        answer = ask(completer, index, CODE.replace("$0", TYPED[:n] + "$0"))
        assert answer.gate.kept
        assert answer.chunks == first.chunks
        assert answer.tokens.evaluated <= 1 + 4


def test_a_bracket_that_the_editor_closes_costs_no_more(
    completer: Completer, index: Snapshot
) -> None:
    ask(completer, index, CODE)
    answer = ask(completer, index, CODE.replace("$0", "area($0)"))
    assert answer.tokens.evaluated <= len(completer.model.tokenize("area(")) + 4
    assert not answer.text.endswith("))")


def test_going_on_writes_what_the_text_at_the_anchor_began(
    completer: Completer, index: Snapshot
) -> None:
    """The model continues its own text: typing the start of it changes nothing of the rest."""
    code = AREA + "\n\ndef surface(width, height):\n    return $0\n"
    whole = ask(completer, index, code).text
    assert len(whole) > 4
    for n in range(1, len(whole.split("\n")[0])):
        typed = code.replace("$0", whole[:n] + "$0")
        assert ask(completer, index, typed).text == whole[n:]


def test_the_next_line_goes_on_too_and_costs_what_was_typed(
    completer: Completer, index: Snapshot
) -> None:
    for line_end in ("\n", "\r\n"):
        code = CODE.replace("\n", line_end)
        ask(completer, index, code)
        typed = f"1{line_end}        "
        answer = ask(completer, index, code.replace("$0", typed + "$0"))
        assert answer.gate.kept
        assert answer.tokens.evaluated <= len(completer.model.tokenize(typed)) + 4


def test_a_rest_makes_a_new_anchor_once_a_line_was_typed(
    completer: Completer, index: Snapshot
) -> None:
    ask(completer, index, CODE)
    later = request(
        CODE.replace("$0", "1\n        $0"), retrieval="always", context_tokens=120,
        min_probability=0.0,
    )  # fmt: skip
    assert completer.read_ahead(later, snapshot=index, cancel=Cancel()) > 20
    answer = completer.complete(later, snapshot=index, cancel=Cancel())
    assert answer.tokens.evaluated == 0


def test_what_was_read_ahead_is_not_read_again(completer: Completer, index: Snapshot) -> None:
    made = request(CODE, retrieval="always", context_tokens=120)
    completer.model.forget()
    read = completer.read_ahead(made, snapshot=index, cancel=Cancel())
    assert read > 40
    answer = completer.complete(made, snapshot=index, cancel=Cancel())
    assert answer.chunks
    assert answer.tokens.evaluated == 0
    assert completer.read_ahead(made, snapshot=index, cancel=Cancel()) <= 4


def test_reading_ahead_that_is_stopped_leaves_the_anchor(
    completer: Completer, index: Snapshot
) -> None:
    ask(completer, index, CODE)
    typed = CODE.replace("$0", "1\n        $0")
    wanted = request(typed, retrieval="always", context_tokens=120, min_probability=0.0)
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Stopped):
        completer.read_ahead(wanted, snapshot=index, cancel=cancel)
    assert ask(completer, index, typed).gate.kept


def test_reading_ahead_stops_and_leaves_what_it_read(completer: Completer, index: Snapshot) -> None:
    made = request(CODE)
    completer.model.forget()
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Stopped):
        completer.read_ahead(made, snapshot=index, cancel=cancel)
    assert completer.complete(made, snapshot=index, cancel=Cancel()).tokens.evaluated > 20
