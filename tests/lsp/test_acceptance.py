"""A suggestion counts as taken, as rejected, or as neither: a clock and a document suffice."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidelong.acceptance import Tally, total
from sidelong.engine.gate import Decision
from sidelong.engine.request import Answer
from sidelong.learnt import load_counts
from sidelong.lsp.acceptance import KEPT_EVERY, READ_S, Acceptance
from sidelong.lsp.documents import Document
from sidelong.lsp.question import Question
from sidelong.lsp.suggestion import Suggestion

ROOT = Path("/project")


class Screen:
    """A document in which suggestions are shown, and the clock on the wall."""

    def __init__(self) -> None:
        self.now = 0.0
        self.doc = Document(uri="file:///project/a.py", language="python", text="x = ")
        self.acceptance = Acceptance([self.doc], clock=lambda: self.now, on=True)
        self._asked = 0

    def show(self, text: str, *, root: Path | None = ROOT, gate: Decision | None = None) -> str:
        """Show a suggestion at the end of the text; returns the request's id."""
        self._asked += 1
        text_now = self.doc.text
        question = Question(text_now, len(text_now), 0, text_now, 0, 0, "")
        gate = gate or Decision(0.4, 0.5, "threshold", retrieved=False)
        answer = Answer(text, gate, probability=0.3, models="m")
        self.acceptance.shown(self.doc, Suggestion(str(self._asked), question, answer), root)
        return str(self._asked)

    def type(self, text: str, *, after_s: float = 2 * READ_S) -> None:
        self.now += after_s
        whole = self.doc.text + text
        self.doc.lines = whole.splitlines(keepends=True)
        self.doc._text = whole
        self.acceptance.changed(self.doc)

    async def counted(self) -> tuple[int, int]:
        """The numbers of suggestions shown and taken, once all counts are saved."""
        self.acceptance.gone(self.doc)
        await self.acceptance.close()
        tally = total(load_counts(ROOT).get("m", {}).values())
        return tally.shown, tally.taken


@pytest.fixture
def screen() -> Screen:
    return Screen()


async def test_what_is_inserted_was_taken(screen: Screen) -> None:
    screen.show("width * height")
    screen.type("width * height")
    assert await screen.counted() == (1, 1)


async def test_what_is_typed_by_and_by_was_taken_once(screen: Screen) -> None:
    gate = Decision(0.4, 0.5, "threshold", retrieved=False)
    whole = "width * height"
    for i in range(len(whole)):
        screen.show(whole[i:], gate=gate)
        screen.type(whole[i], after_s=0.05)
    assert await screen.counted() == (1, 1)


async def test_what_something_else_is_written_over_was_rejected(screen: Screen) -> None:
    screen.show("width * height")
    screen.type("42")
    screen.show("43")
    assert await screen.counted() == (1, 0)  # the second was gone at once


async def test_a_beginning_is_neither(screen: Screen) -> None:
    screen.show("width * height")
    screen.type("wi")
    screen.type("nd")
    assert await screen.counted() == (0, 0)


async def test_the_client_knows_better(screen: Screen) -> None:
    id = screen.show("width * height")
    screen.acceptance.accepted("another")
    screen.acceptance.accepted(id)
    screen.type("width ")
    assert await screen.counted() == (1, 1)


async def test_what_nobody_had_time_to_read_is_not_rejected(screen: Screen) -> None:
    screen.show("width * height")
    screen.type("4", after_s=READ_S / 2)
    screen.now += 100
    assert await screen.counted() == (0, 0)


async def test_what_stood_there_anyway_is_not_taken(screen: Screen) -> None:
    doc = screen.doc
    question = Question("f(x)", 2, 0, "f(x)", 2, 2, "")
    answer = Answer("x", Decision(0.4, 0.5, "threshold", retrieved=False), models="m")
    doc.lines, doc._text = ["f(x)"], "f(x)"
    screen.acceptance.shown(doc, Suggestion("1", question, answer), ROOT)
    screen.now += 10
    assert await screen.counted() == (1, 0)


async def test_where_the_text_before_has_changed_nothing_can_be_said(screen: Screen) -> None:
    screen.show("width * height")
    screen.doc.lines, screen.doc._text = ["y = 1"], "y = 1"
    screen.now += 10
    assert await screen.counted() == (0, 0)


async def test_what_was_asked_for_by_hand_is_not_counted(screen: Screen) -> None:
    screen.show("width * height", root=None)
    screen.type("42")
    assert await screen.counted() == (0, 0)


async def test_nothing_is_counted_unless_it_is_turned_on(screen: Screen) -> None:
    screen.acceptance.on = False
    screen.show("width * height")
    screen.type("width * height")
    assert await screen.counted() == (0, 0)


async def test_turning_it_off_ends_what_was_begun(screen: Screen) -> None:
    screen.show("width * height")
    screen.acceptance.on = False
    screen.type("width * height")
    assert await screen.counted() == (0, 0)


async def test_the_kind_of_suggestion_is_counted_and_no_code(screen: Screen) -> None:
    screen.show("secret_name", gate=Decision(0.4, 0.3, "threshold", retrieved=True))
    screen.type("secret_name")
    assert await screen.counted() == (1, 1)
    ((cell, tally),) = load_counts(ROOT)["m"].items()
    assert (cell.retrieved, cell.odds, cell.sure, tally) == (True, -2, 5, Tally(1, 1))


async def test_counts_are_kept_now_and_then(screen: Screen) -> None:
    for _ in range(KEPT_EVERY):
        screen.show("42")
        screen.type("42")
    screen.acceptance.gone(screen.doc)
    assert screen.acceptance._saving is not None
    await screen.acceptance._saving
    assert total(load_counts(ROOT)["m"].values()) == Tally(KEPT_EVERY, KEPT_EVERY)


async def test_where_nothing_can_be_kept_only_the_counts_are_lost(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.setenv("SIDELONG_CACHE_DIR", str(blocked))
    screen.show("42")
    screen.type("42")
    assert await screen.counted() == (0, 0)
