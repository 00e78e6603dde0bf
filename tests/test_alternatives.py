"""Other texts for the same cursor: where they part, in which order, and which are dropped."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from sidelong.alternatives import Beginning, branches, distinct
from sidelong.gate import Gate
from sidelong.generate import Choice, Decision, Generated
from sidelong.request import Answer

Steps = Sequence[dict[str, float]]
"""What may come at each place, the likeliest first."""


def choices(step: dict[str, float]) -> list[Choice]:
    return [Choice(hash(piece), piece.encode(), p) for piece, p in step.items()]


def generated(steps: Steps) -> Generated:
    decisions = tuple(Decision(first, tuple(rest)) for first, *rest in map(choices, steps))
    text = "".join(next(iter(step)) for step in steps)
    return Generated(text, len(steps), 1.0, "finished", decisions)


def others(steps: Steps, rest: Steps = (), *, most: int = 8) -> list[str]:
    """The texts that part from `steps`, each of which goes on with `rest`."""

    def write(beginning: Beginning) -> Generated:
        goes_on = generated(rest)
        begun = b"".join(choice.piece for choice in beginning).decode()
        return Generated(begun + goes_on.text, 1, 0.5, "finished", goes_on.decisions)

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
    return Answer(text, Gate(None, 0.5, "never", retrieved=False), probability=probability)


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
