"""The workspace cache: the longest match, its followers, the mixture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelong.ngram import WEIGHTS, LineTokens, NgramCache, file_sources

SOURCE = st.lists(st.integers(0, 3), max_size=40)


def followers(context: Sequence[int], *sources: Sequence[int]) -> tuple[list[int], int]:
    found, length = NgramCache(sources, vocab_size=10).followers(context)
    return sorted(found.tolist()), length


def test_the_longest_match_decides() -> None:
    assert followers([1, 2], [1, 2, 7], [5, 2, 8]) == ([7], 2)


def test_each_place_counts_once() -> None:
    assert followers([2], [2, 7, 2, 7, 2, 8]) == ([7, 7, 8], 1)


def test_no_match_reaches_across_two_sources() -> None:
    assert followers([1], [1], [7]) == ([], 0)


def test_an_unknown_token_has_no_followers() -> None:
    assert followers([9], [1, 2]) == ([], 0)


def test_nothing_follows_nothing() -> None:
    assert followers([], [1, 2]) == ([], 0)
    assert followers([1]) == ([], 0)


@given(st.lists(SOURCE, max_size=3), SOURCE)
def test_followers_are_those_of_a_plain_search(
    sources: list[list[int]], context: list[int]
) -> None:
    best: list[int] = []
    best_length = 0
    for length in range(1, min(len(WEIGHTS), len(context)) + 1):
        end = context[-length:]
        found = [
            source[i + length]
            for source in sources
            for i in range(len(source) - length)
            if source[i : i + length] == end
        ]
        if found:
            best, best_length = found, length
    assert followers(context, *sources) == (sorted(best), best_length)


def test_the_mixture_is_weighted_by_the_length_of_the_match() -> None:
    cache = NgramCache([[1, 2, 7, 1, 2, 8]], vocab_size=10)
    mixed = cache.mix(np.full(10, 0.1), [1, 2])
    assert mixed.sum() == pytest.approx(1)
    assert mixed[7] == pytest.approx((1 - WEIGHTS[1]) * 0.1 + WEIGHTS[1] / 2)


def test_without_a_match_the_model_speaks_alone() -> None:
    alone = np.full(10, 0.1)
    assert NgramCache([[1, 2]], vocab_size=10).mix(alone, [5]) is alone


@given(st.text(alphabet="a (\n\t.", max_size=60))
def test_lines_are_tokenised_once_and_nothing_is_lost(text: str) -> None:
    calls: list[str] = []

    def tokenize(part: str) -> list[int]:
        calls.append(part)
        return [ord(c) for c in part]

    lines = LineTokens(tokenize)
    assert lines(text) == lines(text) == [ord(c) for c in text]
    assert len(calls) == len(set(calls))


def test_the_file_is_two_sources_with_the_cursor_between() -> None:
    assert file_sources("ab", "c", lambda text: [ord(c) for c in text]) == [[97, 98], [99]]
