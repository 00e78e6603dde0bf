"""The keystrokes that benchmarks replay."""

from __future__ import annotations

from itertools import pairwise

from bench.editing import KINDS, Event, keystrokes

FILLER = "".join(f"f_{i} = {i}\n" for i in range(6))
WRITTEN = """\
total = add(first, [second])
print("the total is", total)
"""
FILE = FILLER + WRITTEN + FILLER + WRITTEN + FILLER


def seen(events: list[Event]) -> list[str]:
    """The line of the cursor after each event, with the cursor in it."""
    texts = [e.text[: e.offset] + "|" + e.text[e.offset :] for e in events]
    return [next(line for line in text.split("\n") if "|" in line) for text in texts]


def test_files_end_as_they_are() -> None:
    files = {"a.py": FILE * 2, "b.py": FILE * 3}
    last = {event.path: event.text for event in keystrokes(files, visits=2, places=1)}

    assert last == files


def test_every_kind_of_event_happens() -> None:
    kinds = {event.kind for event in keystrokes({"a.py": FILE * 3}, visits=1)}

    assert kinds == set(KINDS)


def test_a_bracket_is_closed_by_the_editor_and_typed_over() -> None:
    lines = seen(list(keystrokes({"a.py": FILE}, visits=1, places=1)))
    opened = next(i for i, line in enumerate(lines) if line.endswith("add(|)"))
    closed = next(i for i, line in enumerate(lines) if line.endswith("add(first, [second])|"))

    assert opened < closed
    assert "total = add(first, [second|])" in lines


def test_each_event_differs_from_the_one_before() -> None:
    events = list(keystrokes({"a.py": FILE * 2, "b.py": FILE * 3}, visits=2, places=1))

    states = [(event.path, event.text, event.offset) for event in events]
    assert all(one != other for one, other in pairwise(states))
