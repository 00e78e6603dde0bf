"""Exact top-k Jaccard similarity over an inverted index, without reading all of it.

Knows numbers only: terms are 64-bit hashes and chunks are positions; text is in `segment`.

The Jaccard similarity of a query of q terms and a chunk of s terms that share c is c / (q + s - c).
Reaching a score t takes at least t (q + s) / (1 + t) shared terms. So the rare terms, whose
postings are short, are counted first; the best chunks by that count are finished and give a t that
the k-th best must reach; counting goes on only until a chunk not seen so far cannot reach t any
more; those that still could are looked up term by term in the long postings, and drop out as soon
as they cannot. Nothing is estimated: the result is the one that counting everything gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

COUNT_ALL = 100_000
"""Up to so many postings, counting all of them is quicker than being clever."""

_SEEDS_PER_RESULT = 8
_CHEAP_SHARE = 4
"""Of 1, 2, 4 and 8 the quickest on 400,000 chunks: 1.7 ms median; counting all takes 3.2."""

_ROUNDING = 1e-6
_OUT_OF_REACH = np.iinfo(np.intp).max

Ids = NDArray[np.intp]
Counts = NDArray[np.intp]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Postings:
    """Which chunks hold which term: a compressed sparse matrix. Nothing in it ever changes."""

    terms: NDArray[np.uint64]
    """The distinct terms, ascending."""
    offsets: NDArray[np.int64]
    """Term i is in the chunks `chunks[offsets[i] : offsets[i + 1]]`."""
    chunks: NDArray[np.uint32]
    """Ascending within a term, none twice."""
    sizes: NDArray[np.uint32]
    """Number of distinct terms of each chunk."""


@dataclass(frozen=True)
class Found:
    """Chunks and their scores, in no order, and the cost of finding them."""

    chunks: Ids
    scores: Scores
    postings_read: int


def top(
    index: Postings, query: NDArray[np.uint64], *, k: int, dead: Ids, floor: float = 0.0
) -> Found:
    """Every chunk that scores at least as high as the k-th best, and at least `floor`, above 0.

    So ties for the last place are all there. `query` holds no term twice; chunks in `dead` are no
    candidates.
    """
    lists = _lists(index, query)
    search = _Search(index, query.size, lists, k=k, dead=dead, floor=floor)
    total = sum(chunks.size for chunks in lists)
    return search.count_all() if total <= COUNT_ALL else search.prune()


def jaccard(shared: Counts, query_size: int, sizes: NDArray[np.uint32]) -> Scores:
    """The similarity of a query to chunks; equal fractions give equal floats."""
    return np.asarray(shared / np.maximum(query_size + sizes.astype(np.intp) - shared, 1))


def _lists(index: Postings, query: NDArray[np.uint64]) -> list[NDArray[np.uint32]]:
    """The postings of those query terms that the index has, shortest first."""
    if index.terms.size == 0:
        return []
    at = np.minimum(np.searchsorted(index.terms, query), index.terms.size - 1)
    at = at[index.terms[at] == query]
    starts, ends = index.offsets[at], index.offsets[at + 1]
    order = np.argsort(ends - starts, kind="stable")
    bounds = zip(starts[order].tolist(), ends[order].tolist(), strict=True)
    return [index.chunks[start:end] for start, end in bounds]


class _Search:
    """One query in one index; lives for one call of `top`."""

    def __init__(
        self,
        index: Postings,
        query_size: int,
        lists: Sequence[NDArray[np.uint32]],
        *,
        k: int,
        dead: Ids,
        floor: float,
    ) -> None:
        self._index = index
        self._query_size = query_size
        self._lists = lists
        self._k = k
        self._dead = dead
        self._floor = floor
        self._read = 0

    def count_all(self) -> Found:
        return self._best(*self._positive(self._count(0, len(self._lists))))

    def prune(self) -> Found:
        n_lists = len(self._lists)
        counted = self._worth_counting()
        counts = self._count(0, counted)
        floor = max(self._floor, self._kth_score_of_seeds(counts, counted))
        # A chunk of s terms needs t (q + s) / (1 + t) and has at most s, so it needs t q or more.
        least = max(1, ceil(floor * self._query_size - _ROUNDING))
        enough = max(counted, n_lists - least + 1)
        counts += self._count(counted, enough)
        rest = n_lists - enough
        candidates = np.flatnonzero(counts >= least - rest)
        shared = counts[candidates]
        needed = self._needed(candidates, floor)
        hopeful = shared + rest >= needed
        candidates, shared, needed = candidates[hopeful], shared[hopeful], needed[hopeful]
        if self._probing_is_dear(candidates, enough):
            counts += self._count(enough, n_lists)
            return self._best(candidates, counts[candidates])
        return self._best(*self._finish(candidates, shared, needed, enough))

    def _worth_counting(self) -> int:
        """The number of the rarest terms to count before anything is known.

        Half of them, and more as long as that is cheap next to a pass over all chunks, which has
        to be made anyway.
        """
        lengths = np.cumsum([chunks.size for chunks in self._lists])
        cheap = int(np.searchsorted(lengths, self._index.sizes.size // _CHEAP_SHARE))
        return max(len(self._lists) // 2, min(cheap, len(self._lists)))

    def _count(self, first: int, end: int) -> Counts:
        """The number of the terms `first..end` that each chunk has; 0 for the dead."""
        lists = self._lists[first:end]
        size = self._index.sizes.size
        if not lists:
            return np.zeros(size, dtype=np.intp)
        together = np.concatenate(lists)
        self._read += together.size
        counts = np.bincount(together, minlength=size)
        counts[self._dead] = 0
        return counts

    def _positive(self, counts: Counts) -> tuple[Ids, Counts]:
        found = np.flatnonzero(counts > 0)
        return found, counts[found]

    def _kth_score_of_seeds(self, counts: Counts, counted: int) -> float:
        """A score that k chunks are known to reach; 0 where there are fewer."""
        seeds = self._seeds(counts)
        if seeds.size < self._k:
            return 0.0
        _, shared = self._finish(seeds, counts[seeds], np.zeros_like(seeds), counted)
        scores = jaccard(shared, self._query_size, self._index.sizes[seeds])
        place = seeds.size - self._k
        return float(np.partition(scores, place)[place])

    def _seeds(self, counts: Counts) -> Ids:
        """Some chunks that share the most of the terms counted so far, ascending."""
        wanted = _SEEDS_PER_RESULT * self._k
        seeds = np.flatnonzero(counts > int(counts.max(initial=0)) // 2)
        if seeds.size < wanted:
            seeds = np.flatnonzero(counts > 0)
        if seeds.size <= wanted:
            return seeds
        scores = jaccard(counts[seeds], self._query_size, self._index.sizes[seeds])
        best = np.argpartition(scores, seeds.size - wanted)[seeds.size - wanted :]
        return np.sort(seeds[best])

    def _needed(self, candidates: Ids, floor: float) -> Counts:
        """The terms that each must share to reach `floor`; `_OUT_OF_REACH` if it has fewer.

        Rounded down by a hair, so that no rounding error turns away a chunk exactly on the floor.
        """
        sizes = self._index.sizes[candidates]
        by_size = np.arange(int(sizes.max(initial=0)) + 1)
        exact = floor * (self._query_size + by_size) / (1 + floor)
        needed = np.maximum(np.ceil(exact - _ROUNDING), 1).astype(np.intp)
        needed[needed > by_size] = _OUT_OF_REACH
        return np.asarray(needed[sizes])

    def _probing_is_dear(self, candidates: Ids, counted: int) -> bool:
        """True if looking candidates up one by one costs more than counting the rest.

        A binary search in a long list costs about as much as counting 30 postings.
        """
        rest = self._lists[counted:]
        return candidates.size * len(rest) * 30 > sum(chunks.size for chunks in rest)

    def _finish(
        self, candidates: Ids, shared: Counts, needed: Counts, counted: int
    ) -> tuple[Ids, Counts]:
        """The exact counts of those candidates that reach what they need; others drop out."""
        for i in range(counted, len(self._lists)):
            self._read += candidates.size
            shared = shared + _contains(self._lists[i], candidates)
            hopeful = shared + (len(self._lists) - i - 1) >= needed
            if not hopeful.all():
                candidates, shared, needed = candidates[hopeful], shared[hopeful], needed[hopeful]
        return candidates, shared

    def _best(self, candidates: Ids, shared: Counts) -> Found:
        scores = jaccard(shared, self._query_size, self._index.sizes[candidates])
        bar = self._floor
        if scores.size > self._k:
            place = scores.size - self._k
            bar = max(bar, float(np.partition(scores, place)[place]))
        keep = scores >= bar
        return Found(candidates[keep], scores[keep], self._read)


def _contains(ascending: NDArray[np.uint32], wanted: Ids) -> NDArray[np.bool_]:
    """Which of `wanted` are in a list that is not empty."""
    at = np.searchsorted(ascending, wanted.astype(np.uint32))
    found: NDArray[np.bool_] = ascending[np.minimum(at, ascending.size - 1)] == wanted
    return found
