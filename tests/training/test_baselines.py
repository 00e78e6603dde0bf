"""The baselines that the model must beat, each completing on its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tokenizers")

from training.counts import Followers, count, distribution, read_counts, write
from training.similar import SimilarLines

from sidelong_index import Exclusion

SETUP = "".join(f"name_{i} = load('{i}')\n" for i in range(8))
HERE = "import os\n\n" + SETUP + "result = "
THERE = "def main():\n" + SETUP + "result = merge(name_0, name_1)\nreturn result\n"


def similar(own: str = HERE) -> SimilarLines:
    other = "".join(f"def unrelated_{i}():\n    pass\n" for i in range(10))
    return SimilarLines([("here.py", own), ("other.py", other), ("there.py", THERE)])


def complete(found: SimilarLines, before: str, after: str = "", *, alone: bool = False) -> str:
    last = before.count("\n") + 1
    exclude = Exclusion("here.py", 1, last + 10)
    return found.complete(before, after, exclude, own_file_alone=alone)[0]


def test_the_line_after_the_most_similar_lines_is_taken_from_what_is_typed_on() -> None:
    assert complete(similar(), HERE).split("\n")[:2] == ["merge(name_0, name_1)", "return result"]


def test_what_stands_behind_the_cursor_is_not_repeated() -> None:
    assert complete(similar(), HERE + "merge(", after=")\n") == "name_0, name_1"


def test_alone_the_open_file_has_nothing_to_say_of_lines_it_has_once() -> None:
    assert not complete(similar(), HERE, alone=True)


def counted() -> list[Followers]:
    return count(np.array([1, 2, 3, 1, 2, 3, 1, 2, 4], dtype=np.uint16), order=3)


def test_n_grams_are_counted_with_their_contexts() -> None:
    assert [int(f.counts.sum()) for f in counted()] == [9, 8, 7]
    assert [len(f.tokens) for f in counted()] == [4, 4, 4]


def test_the_next_token_is_witten_bells_estimate() -> None:
    unigram = (np.array([0, 3, 3, 2, 1, 0]) + 4 / 6) / (9 + 4)
    bigram = (np.array([0, 0, 0, 2, 1, 0]) + 2 * unigram) / (3 + 2)
    trigram = (np.array([0, 0, 0, 2, 1, 0]) + 2 * bigram) / (3 + 2)
    found = distribution(counted(), [9, 1, 2], 6)
    np.testing.assert_allclose(found, trigram)
    assert found.sum() == pytest.approx(1.0)


def test_an_unknown_context_backs_off() -> None:
    known = distribution(counted(), [2], 6)
    np.testing.assert_allclose(distribution(counted(), [5, 2], 6), known)
    np.testing.assert_allclose(distribution(counted(), [5], 6), distribution(counted(), [], 6))


def test_counts_survive_the_disk(tmp_path: Path) -> None:
    write(tmp_path / "c.npz", counted())
    for ours, again in zip(counted(), read_counts(tmp_path / "c.npz"), strict=True):
        assert np.array_equal(ours.contexts, again.contexts)
        assert np.array_equal(ours.tokens, again.tokens)
        assert np.array_equal(ours.counts, again.counts)
