"""Decoding: what is owed comes first, and how much is written depends on how sure the model is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sidelong.engine.generate import SURE, Choice, Generated, Plan, generate
from sidelong.engine.healing import Pieces
from sidelong.engine.model.protocol import Cancel, Evaluation, Logits

PIECES = Pieces([b"", b"a", b"b", b"ab", b"\n", b" ", b"\n  ", b"\xf0\x9f", b"\x98\x80"])
END, A, B, AB, NEWLINE, SPACE, INDENT, EMOJI, _REST = range(9)


class Says:
    """Writes the tokens it is told, each with its probability, then ends."""

    def __init__(self, *tokens: tuple[int, float]) -> None:
        self.pieces = PIECES
        self.said = [*tokens, (END, 1.0)]
        self.evaluated = 0

    def logits(self, n: int) -> Logits:
        token, probability = self.said[min(n, len(self.said) - 1)]
        others = (1 - probability) / (len(PIECES.pieces) - 1)
        row = np.full(len(PIECES.pieces), max(others, 1e-12), dtype=np.float32)
        row[token] = probability
        return np.log(row)

    def evaluate(
        self, tokens: Sequence[int], *, rows: int, cancel: Cancel, hidden: bool = False
    ) -> Evaluation:
        self.evaluated += 1
        return Evaluation(self.logits(len(tokens))[None, :], evaluated=1)


def write(*tokens: tuple[int, float], owed: bytes = b"", **options: Any) -> Generated:
    model: Any = Says(*tokens)
    begun = options.pop("begun", ())
    options = {"max_tokens": 20, "stop": lambda text: False, **options}
    plan = Plan(context=[], owed=owed, **options)
    return generate(model, [], model.logits(0), plan, cancel=Cancel(), begun=begun)


def test_the_model_ends_the_text() -> None:
    ended = write((A, 0.9), (B, 0.9))
    assert (ended.text, ended.tokens, ended.reason) == ("ab", 2, "finished")
    assert abs(ended.probability - 0.81) < 0.01


def test_what_is_owed_is_written_first_and_not_returned() -> None:
    assert write((AB, 0.9), (B, 0.9), owed=b"a").text == "bb"
    assert write((A, 0.9), (B, 0.9), owed=b"a").text == "b"


def test_a_token_that_contradicts_what_is_owed_is_forbidden() -> None:
    assert write((B, 0.9), (B, 0.9), owed=b"a").text == "b"


def test_healing_costs_no_confidence() -> None:
    assert write((B, 0.9), owed=b"a").probability > 0.4


def test_the_caller_stops_it() -> None:
    stopped = write((A, 0.9), (B, 0.9), (A, 0.9), stop=lambda text: len(text) == 2)
    assert (stopped.text, stopped.reason) == ("ab", "stopped")


def test_further_lines_are_written_while_the_model_is_sure() -> None:
    sure = [(A, 0.9), (INDENT, 0.9), (B, 0.9), (NEWLINE, 0.9), (A, 0.9)]
    assert write(*sure).text == "a\n  b\na"
    assert write(*sure, (B, 0.1)).text == "a\n  b"


def test_an_unsure_second_line_leaves_the_first() -> None:
    unsure = write((A, 0.9), (INDENT, 0.9), (B, 0.1), (A, 0.9))
    assert (unsure.text, unsure.tokens, unsure.reason) == ("a", 3, "unsure")
    assert unsure.probability > 0.7


def test_a_first_line_that_is_too_unsure_to_go_on_from_costs_nothing_more() -> None:
    ended = write((A, 0.3), (B, 0.3), (NEWLINE, 0.9), (A, 0.9))
    assert (ended.text, ended.tokens, ended.reason) == ("ab", 3, "unsure")


def test_the_first_line_is_written_however_unsure() -> None:
    assert write((A, 0.2), (B, 0.2), (A, 0.2)).text == "aba"


def test_unless_less_probable_than_asked_for() -> None:
    withheld = write((A, 0.5), (B, 0.5), (A, 0.9), (A, 0.9), least=0.3)
    assert (withheld.text, withheld.tokens, withheld.reason) == ("", 2, "unsure")


def test_an_unfinished_line_is_dropped_unless_it_is_the_first() -> None:
    assert write((A, 0.9), (B, 0.9), (A, 0.9), max_tokens=2).text == "ab"
    assert write((A, 0.9), (NEWLINE, 0.9), (A, 0.9), (B, 0.9), max_tokens=3).text == "a"


def test_a_line_end_right_at_the_cursor_is_no_line() -> None:
    assert write((INDENT, 0.9), (A, 0.2), (B, 0.9)).text == "\n  ab"


def test_half_a_character_at_the_end_is_left_out() -> None:
    assert write((A, 0.9), (EMOJI, 0.9)).text == "a"


def test_a_beginning_is_written_whatever_the_model_thinks() -> None:
    begun = [Choice(B, b"b", 0.1)]
    text = write((A, 0.9), (A, 0.9), begun=begun)
    assert (text.text, text.tokens) == ("ba", 2)
    assert abs(text.probability - 0.09) < 0.001


def test_a_beginning_that_is_complete_is_not_written_on() -> None:
    text = write((A, 0.9), begun=[Choice(AB, b"ab", 0.1)], stop=lambda text: text == "ab")
    assert (text.text, text.reason) == ("ab", "stopped")


def test_the_decisions_of_the_first_line_are_noted_where_asked_for() -> None:
    told = [(A, 0.9), (NEWLINE, 0.9), (B, 0.9)]
    assert write(*told).steps == ()
    decisions = write(*told, note=True).steps
    assert [decision.taken.piece for decision in decisions] == [b"a", b"\n"]
    for decision in decisions:
        assert len(decision.others) > 2
        assert decision.taken not in decision.others
        assert all(other.piece for other in decision.others)


def test_what_contradicts_what_is_owed_is_no_other_choice() -> None:
    (decision, *_) = write((A, 0.5), owed=b"a", note=True).steps
    likely = [other.piece for other in decision.others if other.probability > 0]
    assert likely == [b"ab"]


def written_out(said: Sequence[tuple[int, float]], least: float) -> tuple[str, int]:
    """The text if nothing is stopped early, and the tokens that takes: each is judged by the text
    that it makes."""
    text, whole, probability = "", "", 1.0
    for n, (token, p) in enumerate([*said, (END, 1.0)]):
        probability *= p
        if probability < (SURE if whole else least):
            return whole, n + 1
        text += PIECES.pieces[token].decode()
        head, newline, _ = text.rpartition("\n")
        whole = head if newline and head else whole
    return text, len(said)


SAID = st.lists(
    st.tuples(st.sampled_from([A, B, AB, NEWLINE, SPACE, INDENT]), st.floats(0.2, 0.99)),
    max_size=12,
)


@given(said=SAID, least=st.sampled_from([0.0, 0.02, 0.2]))
@settings(deadline=None, derandomize=True, max_examples=400)
def test_stopping_as_soon_as_it_is_certain_changes_no_text(
    said: list[tuple[int, float]], least: float
) -> None:
    text, n_tokens = written_out(said, least)
    found = write(*said, least=least)
    assert found.text == text
    assert found.tokens <= n_tokens
