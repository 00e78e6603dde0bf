"""From a cursor to the chunks worth showing; the same in serving, evaluation and training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sidelong_index import (
    QUERY_LINES,
    Exclusion,
    Hit,
    Snapshot,
    mask_secrets,
    query_around,
    span_around,
)

_SPARE: Final = (3, 12, 48, 192)
"""So many times more hits than wanted are asked for, since overlapping ones are dropped; the larger
numbers are for workspaces where copies of files fill the hits."""

_LONGEST_MATCH: Final = 80


def retrieve(
    snapshot: Snapshot,
    *,
    path: str,
    text: str,
    offset: int,
    k: int,
    exclude: Exclusion | None = None,
) -> list[Hit]:
    """The `k` chunks most similar to the lines around the cursor, best first.

    Chunks overlap each other by construction; of two that do, and of two with the same text, the
    better one stays. The lines around the cursor are no candidates: `exclude` names them as the
    index knows them, by default the query's own lines of `path`. Nor are copies of these lines.
    """
    query, (start, end) = query_around(text, offset)
    exclusion = exclude or Exclusion(path, start, end)
    chosen: list[Hit] = []
    for spare in _SPARE:
        found = snapshot.search(query, k=k * spare, exclude=exclusion)
        others = _without_copies(found, text, offset)
        chosen = distinct(others, k)
        if len(chosen) == k or len(others) == len(found) or len(found) < k * spare:
            break
    return chosen


def longest_match(before: str, texts: Iterable[str]) -> int:
    """The characters before the cursor that stand together in one of the texts; at most 80."""
    before = before[-2 * _LONGEST_MATCH :].replace("\r\n", "\n")[-_LONGEST_MATCH:]
    n = 0
    for text in texts:
        while n < len(before) and before[-n - 1 :] in text:
            n += 1
    return n


def distinct(hits: Iterable[Hit], k: int) -> list[Hit]:
    """The first `k` hits of which no two overlap."""
    chosen: list[Hit] = []
    for hit in hits:
        if len(chosen) == k:
            break
        if not any(_overlap(hit, other) for other in chosen):
            chosen.append(hit)
    return chosen


def _overlap(a: Hit, b: Hit) -> bool:
    return a.path == b.path and a.start_line <= b.end_line and b.start_line <= a.end_line


def _without_copies(hits: Iterable[Hit], text: str, offset: int) -> list[Hit]:
    """The hits without a text that a better one has or that stands around the cursor."""
    kept: dict[str, Hit] = {}
    for hit in hits:
        if hit.text not in kept and not _stands_around(hit, text, offset):
            kept[hit.text] = hit
    return list(kept.values())


def _stands_around(hit: Hit, text: str, offset: int) -> bool:
    """True if the hit's lines are lines of the text that overlap those around the cursor."""
    more = hit.end_line - hit.start_line
    (start, end), _ = span_around(text, offset, QUERY_LINES + more)
    # As the index holds it: with its secrets masked.
    around = mask_secrets(text[start:end].replace("\r\n", "\n").removesuffix("\r"))
    return f"\n{hit.text}\n" in f"\n{around}\n"
