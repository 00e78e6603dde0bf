"""The pruned search finds exactly what comparing everything finds."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sidelong_index import score
from sidelong_index.score import Postings, top


def index_of(chunks: Sequence[set[int]]) -> Postings:
    chunks_of: dict[int, list[int]] = {}
    for c, chunk in enumerate(chunks):
        for term in chunk:
            chunks_of.setdefault(term, []).append(c)
    terms = sorted(chunks_of)
    lists = [chunks_of[term] for term in terms]
    return Postings(
        terms=np.array(terms, np.uint64),
        offsets=np.cumsum([0, *map(len, lists)]),
        chunks=np.array([c for found in lists for c in found], np.uint32),
        sizes=np.array([len(chunk) for chunk in chunks], np.uint32),
    )


def ids(numbers: Sequence[int]) -> NDArray[np.intp]:
    return np.array(sorted(numbers), np.intp)


def brute(
    chunks: Sequence[set[int]], query: set[int], k: int, dead: set[int], floor: float
) -> dict[int, float]:
    """Every chunk as good as the k-th best, by comparing them all."""
    scores = {
        c: len(chunk & query) / len(chunk | query)
        for c, chunk in enumerate(chunks)
        if c not in dead and chunk & query
    }
    best = sorted(scores.values(), reverse=True)[:k]
    bar = max(floor, best[-1] if len(best) == k else 0.0)
    return {c: s for c, s in scores.items() if s >= bar}


def found(
    chunks: Sequence[set[int]],
    query: set[int],
    *,
    k: int,
    dead: set[int] = frozenset(),  # type: ignore[assignment]
    floor: float = 0.0,
) -> dict[int, float]:
    answer = top(
        index_of(chunks),
        np.array(sorted(query), np.uint64),
        k=k,
        dead=ids(list(dead)),
        floor=floor,
    )
    return dict(zip(answer.chunks.tolist(), answer.scores.tolist(), strict=True))


def skewed(rng: random.Random, n_terms: int) -> int:
    """Term numbers as in code: few in nearly every chunk, most in one or two."""
    return int(n_terms * rng.random() ** 4)


@pytest.mark.parametrize("count_all", [0, 10**9], ids=["pruned", "counted"])
@settings(deadline=None, max_examples=150, derandomize=True)
@given(
    seed=st.integers(0, 2**32),
    n_chunks=st.integers(0, 60),
    k=st.integers(1, 12),
    floor=st.sampled_from([0.0, 0.0, 0.1, 0.5, 1 / 3]),
)
def test_the_best_are_exactly_those_of_comparing_everything(
    count_all: int, seed: int, n_chunks: int, k: int, floor: float
) -> None:
    rng = random.Random(seed)
    n_terms = rng.choice([5, 30, 200])
    chunks = [
        {skewed(rng, n_terms) for _ in range(rng.randint(0, rng.choice([3, 30, 60])))}
        for _ in range(n_chunks)
    ]
    query = {skewed(rng, n_terms) for _ in range(rng.randint(1, 40))}
    if chunks and rng.random() < 0.5:
        query |= rng.choice(chunks)
    dead = {c for c in range(n_chunks) if rng.random() < rng.choice([0, 0.3])}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(score, "COUNT_ALL", count_all)
        answer = found(chunks, query, k=k, dead=dead, floor=floor)
    assert answer == brute(chunks, query, k, dead, floor)


def test_ties_for_the_last_place_are_all_there() -> None:
    assert found([{1, 2}, {1, 3}, {1, 4}, {5}], {1}, k=1) == {0: 0.5, 1: 0.5, 2: 0.5}


def test_an_empty_index_finds_nothing() -> None:
    assert found([], {1}, k=3) == {}
    assert found([set(), set()], {1}, k=3) == {}


def test_words_that_are_nowhere_count_against_every_chunk() -> None:
    assert found([{1, 2}], {1, 2, 98, 99}, k=1) == {0: 0.5}


def test_few_postings_are_read_when_common_words_cannot_matter() -> None:
    rng = random.Random(0)
    common = range(20)
    chunks = [{*common, *(rng.randrange(100, 10**6) for _ in range(30))} for _ in range(8000)]
    query = {*common, *(t for t in chunks[7] if t >= 100)}
    answer = top(index_of(chunks), np.array(sorted(query), np.uint64), k=1, dead=ids([]), floor=0.0)
    assert answer.chunks.tolist() == [7]
    assert answer.postings_read < 8000, "20 common words are in 8,000 chunks each"
