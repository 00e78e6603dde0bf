"""The cost of typing with the shipped model, in tokens, for a file of any size."""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from typing import Any

import pytest

KEYSTROKES = 60
TYPED_TOKENS = 1
"""One character is at most one token more."""


def real_file(lines: int | None) -> tuple[str, str, str]:
    """The beginning of a real module in three parts: before the cursor, to be typed, and after."""
    text = Path(argparse.__file__).read_text(encoding="utf-8")
    text = "".join(text.splitlines(keepends=True)[:lines])
    cut = text.index("\n", len(text) // 2) + 1
    return text[:cut], text[cut : cut + KEYSTROKES], text[cut + KEYSTROKES :]


@pytest.mark.parametrize("lines", [200, None])
def test_a_keystroke_evaluates_what_was_typed_and_three_tokens(
    real_editor: Any, lines: int | None
) -> None:
    real_editor.configure({"retrieval": {"mode": "never"}, "budget": {"generated": 4}})
    before, typed, after = real_file(lines)
    doc = real_editor.open(f"real_{lines}.py", f"{before}$0{after}")
    real_editor.complete(doc)
    evaluated = []
    for character in typed:
        real_editor.type(doc, character)
        # Asked for by hand: every request reaches the model, none is answered by typing along.
        real_editor.complete(doc, invoked=True)
        record = real_editor.explain(doc)
        assert not record["recalled"]
        assert not record["gate"]["retrieved"]
        evaluated.append(record["tokens"]["evaluated"])
    assert len(evaluated) == KEYSTROKES
    assert median(evaluated) <= TYPED_TOKENS + 3, sorted(evaluated)


def test_the_prompt_does_not_grow_with_the_file(real_editor: Any) -> None:
    small = real_editor.open("small.py", "x = 1\n" * 2000 + "$0")
    large = real_editor.open("large.py", "x = 1\n" * 20000 + "$0")
    for doc in (small, large):
        real_editor.complete(doc)
    prompts = [real_editor.explain(doc)["tokens"]["prompt"] for doc in (small, large)]
    assert abs(prompts[0] - prompts[1]) < prompts[0] / 3
