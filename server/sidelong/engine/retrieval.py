"""From a cursor to the chunks worth showing; the same in serving, evaluation and training."""

from __future__ import annotations

from collections.abc import Iterable

from sidelong_index import Exclusion, Hit, Snapshot, query_around

SPARE = 3
"""Asked for this many times more hits than wanted, since overlapping ones are dropped."""


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

    Chunks overlap each other by construction; of two that do, the better one stays.
    The text around the cursor itself is no candidate: `exclude` names it in the lines the
    index knows, by default the query's own lines of `path`.
    """
    query, (start, end) = query_around(text, offset)
    exclusion = exclude or Exclusion(path, start, end)
    return distinct(snapshot.search(query, k=k * SPARE, exclude=exclusion), k)


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
