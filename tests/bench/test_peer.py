"""llama.vim's side of the comparison, as far as it needs no llama-server."""

from __future__ import annotations

from bench.editing import Event
from bench.peer.vim import Ring


def visit(path: str, *lines: str) -> Event:
    return Event("switch", path, "\n".join(lines), 0)


def test_the_ring_keeps_one_of_pieces_that_are_much_alike() -> None:
    ring = Ring()
    ring.pick(visit("a.py", "first = 1", "second = 2", "third = 3"))
    ring.pick(visit("b.py", "other = 1", "things = 2", "here = 3"))
    ring.pick(visit("a.py", "first = 1", "second = 2", "third = 3"))

    assert [chunk["filename"] for chunk in ring.extra()] == ["b.py", "a.py"]


def test_a_piece_of_two_lines_is_too_small() -> None:
    ring = Ring()
    ring.pick(visit("a.py", "first = 1", "second = 2"))

    assert ring.extra() == []
