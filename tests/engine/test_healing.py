"""Token healing: what is given back and what may then come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelong.engine.healing import Pieces

VOCABULARY = [b"", b"re", b"tu", b"return", b" return", b"\n    ", b"\n        ", b"x", b" ", b"(",
              b"((", b"\xc3", b"\xa9", b"\xc3\xa9", b"!", b"self", b"."]  # fmt: skip
PIECES = Pieces(VOCABULARY)


def ids(*pieces: bytes) -> list[int]:
    return [VOCABULARY.index(piece) for piece in pieces]


def split(*pieces: bytes) -> tuple[list[int], bytes]:
    return PIECES.split(ids(*pieces))


def test_half_a_word_in_two_tokens_is_given_back_whole() -> None:
    assert split(b"x", b"re", b"tu") == (ids(b"x"), b"retu")


def test_indentation_is_given_back() -> None:
    assert split(b"x", b"\n    ") == (ids(b"x"), b"\n    ")


def test_a_token_that_begins_no_other_stays() -> None:
    assert split(b"x", b"!") == (ids(b"x", b"!"), b"")


def test_nothing_is_given_back_of_nothing() -> None:
    assert PIECES.split([]) == ([], b"")


def test_a_special_token_is_never_given_back() -> None:
    assert split(b"", b"re") == (ids(b""), b"re")
    assert split(b"re", b"") == (ids(b"re", b""), b"")


def test_half_a_character_stays() -> None:
    assert split(b"x", b"\xc3") == (ids(b"x", b"\xc3"), b"")


@pytest.mark.parametrize(
    ("owed", "allowed"),
    [
        (b"retu", [b"re", b"return"]),
        (b"re", [b"re", b"return"]),
        (b" ", [b" ", b" return"]),
        (b"\n    ", [b"\n    ", b"\n        "]),
    ],
)
def test_what_is_owed_allows_its_beginnings_and_its_extensions(
    owed: bytes, allowed: list[bytes]
) -> None:
    mask = PIECES.allowed(owed)
    assert {VOCABULARY[i] for i in mask.nonzero()[0]} == set(allowed)


@given(st.lists(st.integers(0, len(VOCABULARY) - 1), max_size=8))
def test_nothing_is_lost(tokens: list[int]) -> None:
    kept, removed = PIECES.split(tokens)
    assert b"".join(VOCABULARY[i] for i in kept) + removed == b"".join(
        VOCABULARY[i] for i in tokens
    )


@given(st.lists(st.integers(0, len(VOCABULARY) - 1), max_size=8))
def test_what_is_owed_can_always_be_generated(tokens: list[int]) -> None:
    _, owed = PIECES.split(tokens)
    while owed:
        allowed = PIECES.allowed(owed).nonzero()[0]
        assert len(allowed)
        shortest = min(allowed, key=lambda i: len(VOCABULARY[i]))
        owed = owed[len(VOCABULARY[shortest]) :]
