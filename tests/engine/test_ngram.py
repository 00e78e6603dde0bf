"""The workspace cache: what matches, and the mixture with the model."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sidelong.engine
from sidelong.engine.healing import Pieces
from sidelong.engine.mixture import Mixture
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.ngram import FILE_CHARS, FileTokens, LineTokens, NgramCache

SOURCE = st.lists(st.integers(0, 3), max_size=40)
PIECES = Pieces([b"", *(bytes([97 + i]) for i in range(9))])
END = 0
WORDS = [b"", b" ", b" s", b" size", b"=", b"s", b"o"]
EVEN = Mixture(places=0, followers=0, confidence=0, lengths=(-99, 0, 0, 0, 0))
"""Matches of every length from 1 to 4 have half of the say that longer ones leave."""


def cache(*sources: Sequence[int], mixture: Mixture = EVEN) -> NgramCache:
    return NgramCache(sources, pieces=PIECES, mixture=mixture)


def matches(context: Sequence[int], *sources: Sequence[int]) -> list[list[int]]:
    return [sorted(found.tolist()) for found in cache(*sources).matches(context, b"")]


def test_longer_matches_are_part_of_the_shorter() -> None:
    assert matches([1, 2], [1, 2, 7], [5, 2, 8]) == [[7, 8], [7]]


def test_each_place_counts_once() -> None:
    assert matches([2], [2, 7, 2, 7, 2, 8]) == [[7, 7, 8]]


def test_no_match_reaches_across_two_sources() -> None:
    assert matches([1], [1], [7]) == []


def test_an_unknown_token_has_no_followers() -> None:
    assert matches([9], [1, 2]) == []


def test_nothing_follows_nothing() -> None:
    assert matches([], [1, 2]) == []
    assert matches([1]) == []


@settings(deadline=None)
@given(st.lists(SOURCE, max_size=3), SOURCE)
def test_matches_are_those_of_a_plain_search(sources: list[list[int]], context: list[int]) -> None:
    expected = []
    for length in range(1, min(4, len(context)) + 1):
        end = context[-length:]
        found = [
            source[i + length]
            for source in sources
            for i in range(len(source) - length)
            if source[i : i + length] == end
        ]
        if found:
            expected.append(sorted(found))
    assert matches(context, *sources) == expected


def test_what_longer_matches_leave_open_is_filled_by_shorter_ones_and_by_the_model() -> None:
    mixed = cache([1, 2, 7, 3, 2, 8]).mix(np.full(10, 0.1), [1, 2], owed=b"", begun=False)
    assert mixed.sum() == pytest.approx(1)
    assert mixed[7] == pytest.approx(1 / 2 + 1 / 4 / 2 + 1 / 4 * 0.1)
    assert mixed[8] == pytest.approx(1 / 4 / 2 + 1 / 4 * 0.1)


def test_without_a_match_the_tokens_of_the_file_are_likelier_than_others() -> None:
    uniform = np.full(10, 0.1)
    mixed = cache([1, 2, 2], mixture=replace(EVEN, lengths=(0, 0))).mix(
        uniform, [5], owed=b"", begun=False
    )
    assert mixed[2] == pytest.approx(0.5 * 0.1 + 0.5 * 2 / 3)
    assert mixed[1] > mixed[3]


def test_with_nothing_to_read_the_model_speaks_alone() -> None:
    np.testing.assert_allclose(
        cache().mix(np.full(10, 0.1), [5], owed=b"", begun=True), np.full(10, 0.1)
    )


def test_half_a_word_finds_what_begins_with_it_in_one_token_or_in_several() -> None:
    say = [WORDS.index(word) for word in (b"=", b" ", b"=", b" size", b"=", b" ", b"s", b"o")]
    found = NgramCache([say], pieces=Pieces(WORDS), mixture=EVEN)
    equals, space, size, letter = say[0], say[1], say[3], say[6]
    assert [sorted(m.tolist()) for m in found.matches([equals], b" s")] == [sorted([size, space])]
    assert [m.tolist() for m in found.matches([space], b"s")] == [[letter]]
    counts = found.standing(b" s")
    assert (counts[space], counts[size], counts[equals]) == (1, 1, 0)
    assert found.matches([equals], b"no") == []


def test_a_text_that_is_begun_ends_as_likely_as_the_model_says() -> None:
    begun, empty = (
        cache([1, 2, 7]).mix(np.full(10, 0.1), [1, 2], owed=b"", begun=begun)
        for begun in (True, False)
    )
    assert begun[END] == 0.1
    assert empty[END] < 0.1
    assert begun.sum() == pytest.approx(1)
    assert begun[7] > 0.5


@given(st.text(alphabet="a (\n\t.", max_size=60))
def test_lines_are_tokenised_once_and_nothing_is_lost(text: str) -> None:
    calls: list[str] = []

    def tokenize(part: str) -> list[int]:
        calls.append(part)
        return [ord(c) for c in part]

    lines = LineTokens(tokenize)
    assert lines(text) == lines(text) == [ord(c) for c in text]
    assert len(calls) == len(set(calls))


def test_new_lines_are_tokenised_together_as_they_are_alone(llama: LlamaModel) -> None:
    calls: list[str] = []

    def tokenize(text: str) -> list[int]:
        calls.append(text)
        return llama.tokenize(text)

    together, alone = LineTokens(tokenize, llama.pieces), LineTokens(llama.tokenize)
    for path in sorted(Path(sidelong.engine.__file__).parent.glob("*.py")):
        text = path.read_text(encoding="utf-8") + "\n\nnaïve = '漢字 😀'  \n\t# é\n"
        calls.clear()
        assert together(text) == alone(text)
        assert len(calls) <= 3
    assert together(text + "\nnew = 1\n") == alone(text + "\nnew = 1\n")


def test_tokens_that_reach_over_a_line_end_are_not_cut() -> None:
    texts = ["", "a", "b", "\n", "a\nb"]
    pieces = Pieces([text.encode() for text in texts])
    calls: list[str] = []

    def tokenize(text: str) -> list[int]:
        calls.append(text)
        return [texts.index(part) for part in re.findall("a\nb|a|b|\n", text)]

    assert LineTokens(tokenize, pieces)("\na\na\nb\na") == [3, 1, 3, 1, 3, 2, 3, 1]
    assert "\na\nb" in calls


def counting() -> tuple[LineTokens, list[str]]:
    """Tokenises by characters; with the texts for which the tokenizer was asked."""
    asked: list[str] = []

    def tokenize(part: str) -> list[int]:
        asked.append(part)
        return [ord(c) for c in part]

    return LineTokens(tokenize), asked


def test_typing_in_a_long_line_keeps_few_of_the_lines_that_it_was() -> None:
    lines, _ = counting()
    line = "word " * 600
    tracemalloc.start()
    try:
        for n in range(1_500):
            lines(f"{line}{n}")
        assert tracemalloc.get_traced_memory()[0] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_file_of_long_lines_is_tokenised_once() -> None:
    lines, asked = counting()
    text = "".join(f"{n} {'word ' * 60}\nx = {n}\n" for n in range(300))
    sources = FileTokens().sources(text, "", lines)
    n_asked = len(asked)
    again = FileTokens().sources(text, "", lines)
    assert [list(source) for source in again] == [list(source) for source in sources]
    assert len(asked) == n_asked


def test_the_file_is_two_sources_with_the_cursor_between() -> None:
    sources = FileTokens().sources("ab", "c", lambda text: [ord(c) for c in text])
    assert [list(source) for source in sources] == [[97, 98], [99]]


def test_a_key_in_a_file_of_5000_lines_tokenises_its_own_line() -> None:
    asked: list[str] = []

    def tokenize(text: str) -> list[int]:
        asked.append(text)
        return list(text.encode())

    lines = [f"value_{n} = compute(value_{n - 1}, factor={n})" for n in range(5_000)]
    above, below = "\n".join(lines[:2_500]), "\n" + "\n".join(lines[2_500:])
    tokens = FileTokens()
    for n in range(40):
        typed = "\n" + "result = compute(value_1, factor=2) + 1"[:n]
        source, after = tokens.sources(above + typed, below, tokenize)
        assert bytes(list(source)).decode().endswith(lines[2_499] + typed)
        assert bytes(list(after)).decode() == below[: FILE_CHARS // 4]
    assert sum(len(text) > 100 for text in asked) == 2
    assert len(asked) == 2 + 40
