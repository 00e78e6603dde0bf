"""Windows into the document: within budget, near the cursor, and still while somebody types."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from sidelong.engine.window import prefix_tokens, suffix_tokens

TEXT = st.text(alphabet="ab \n", max_size=400)


def by_pairs(text: str) -> list[int]:
    """A tokenizer of two characters a token, so that budgets and text differ."""
    return [hash(text[i : i + 2]) for i in range(0, len(text), 2)]


@given(TEXT, st.integers(0, 60))
def test_neither_window_exceeds_its_budget(text: str, budget: int) -> None:
    assert len(prefix_tokens(text, tokenize=by_pairs, budget=budget)) <= budget
    assert len(suffix_tokens(text, tokenize=by_pairs, budget=budget)) <= budget


@given(TEXT, st.integers(1, 60))
def test_the_prefix_ends_at_the_cursor(text: str, budget: int) -> None:
    seen: list[str] = []

    def spy(part: str) -> list[int]:
        seen.append(part)
        return by_pairs(part)

    tokens = prefix_tokens(text, tokenize=spy, budget=budget)
    assert not tokens or text.endswith(seen[-1])


def test_the_start_of_the_prefix_moves_in_big_steps() -> None:
    budget = 64
    text = "x = 1\n" * 200
    starts = []
    for length in range(len(text) - 300, len(text)):
        tokens = prefix_tokens(
            text[:length], tokenize=lambda part: [len(part)] * (len(part) // 3), budget=budget
        )
        starts.append(length - tokens[0])
    moves = sum(a != b for a, b in itertools.pairwise(starts))
    assert 1 <= moves <= 300 // (budget * 3 // 4) + 1
    assert starts == sorted(starts)


def test_a_short_file_is_seen_whole() -> None:
    assert prefix_tokens("ab", tokenize=by_pairs, budget=9) == by_pairs("ab")


def test_one_very_long_line_is_cut_between_characters() -> None:
    tokens = prefix_tokens("y" * 5000, tokenize=by_pairs, budget=32)
    assert 16 <= len(tokens) <= 32


def test_the_prefix_starts_at_a_line_start() -> None:
    text = "".join(f"line {i}\n" for i in range(500))
    parts: list[str] = []

    def spy(part: str) -> list[int]:
        parts.append(part)
        return by_pairs(part)

    prefix_tokens(text, tokenize=spy, budget=50)
    assert parts[-1].startswith("line ")
