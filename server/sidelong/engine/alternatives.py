"""Other texts for a cursor, offered when the user triggers a completion by hand; pure.

Every text is written greedily, so another one needs another beginning: the path to a place where
the model might have taken another token, and that token.
The likeliest beginning comes first, which is where the model was least sure.
Writing, and trimming what was written, are left to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import count, islice

from sidelong.engine.generate import Choice, Generated
from sidelong.engine.request import Answer

LEAST = 0.01
"""Beginnings less probable than this are not tried."""

Beginning = tuple[Choice, ...]


def branches(first: Generated, write: Callable[[Beginning], Generated]) -> Iterator[Generated]:
    """Texts that part from `first`, or from each other, within their first line.

    `write` continues a beginning and notes its own steps; it is called as the texts are taken.
    """
    waiting: list[tuple[float, int, Beginning]] = []
    written: list[bytes] = []
    order = count()

    def part(path: Beginning, generated: Generated) -> None:
        for step in generated.steps:
            for other in step.others:
                beginning = (*path, other)
                probability = _product(beginning)
                if probability >= LEAST:
                    heappush(waiting, (-probability, next(order), beginning))
            path = (*path, step.taken)
        written.append(_joined(path))

    part((), first)
    while waiting:
        _, _, beginning = heappop(waiting)
        # Another way to cut the same text into tokens is no other text.
        if not any(known.startswith(_joined(beginning)) for known in written):
            generated = write(beginning)
            part(beginning, generated)
            yield generated


def distinct(first: Answer, others: Iterable[Answer], *, most: int) -> tuple[Answer, ...]:
    """At most `most` of the others that insert something new, likeliest first.

    Of twice as many at most: what is nearly the same may be offered for ever.
    """
    known, kept = {first.text.rstrip(), ""}, []
    for answer in islice(others, 2 * most):
        text = answer.text.rstrip()
        if text not in known:
            known.add(text)
            kept.append(answer)
        if len(kept) == most:
            break
    return tuple(sorted(kept, key=lambda answer: -answer.probability))


def _product(beginning: Beginning) -> float:
    probability = 1.0
    for choice in beginning:
        probability *= choice.probability
    return probability


def _joined(beginning: Beginning) -> bytes:
    return b"".join(choice.piece for choice in beginning)
