"""Scores of completions against values worked out by hand or by another library."""

import difflib
import math
import random

import pytest
from thefuzz import fuzz  # type: ignore[import-untyped]

from sidelong.evaluation.metrics import (
    bootstrap_interval,
    counted,
    edit_similarity,
    exact_match,
    identifier_match,
    repoeval_edit_similarity,
)


@pytest.mark.parametrize(
    ("text", "covered", "target", "expected"),
    [
        ("a\nb\nc", "", "x", "a"),
        ("a\nb\nc", "", "x\ny", "a\nb"),
        ("x)", ")", "x", "x"),
        ("x))", ")", "x)", "x)"),
        ("f(\n    x)", ")", "f(\n    x", "f(\n    x"),
        ("f(x),\n  f(y))", ")", "f(x),", "f(x),"),
        ("f(x)\n  .g())", ")", "f(x)", "f(x)"),
        ("x in y:\n    pass", ":", "x in y", "x in y"),
    ],
)
def test_a_completion_counts_for_the_targets_lines_without_what_it_covers(
    text: str, covered: str, target: str, expected: str
) -> None:
    assert counted(text, target, covered=covered) == expected


@pytest.mark.parametrize(
    ("prediction", "target", "expected"),
    [
        ("return x", "return x", True),
        ("return x  \n", "return x", True),
        ("a = 1\n\n    b = 2", "a = 1\nb = 2", True),
        ("return x", "return y", False),
        ("return x\ny = 1", "return x", False),
        ("", "", True),
    ],
)
def test_exact_match_forgives_white_space_around_lines_only(
    prediction: str, target: str, expected: bool
) -> None:
    assert exact_match(prediction, target) is expected


def test_edit_similarity_is_twice_the_common_subsequence_over_both_lengths() -> None:
    assert edit_similarity("abcd", "abxd") == pytest.approx(2 * 3 / 8)
    assert edit_similarity("  abcd\n", "abcd") == 1.0
    assert edit_similarity("", "") == 1.0
    assert edit_similarity("", "abc") == 0.0


def test_edit_similarity_is_not_below_difflib() -> None:
    # difflib's matching blocks are one common subsequence, the ratio uses the longest.
    rng = random.Random(5)
    for _ in range(50):
        a, b = ("".join(rng.choices("abc ", k=rng.randrange(1, 30))).strip() for _ in range(2))
        assert edit_similarity(a, b) >= difflib.SequenceMatcher(None, a, b).ratio() - 1e-9


def test_repoeval_similarity_cuts_the_prediction_to_the_lines_of_the_target() -> None:
    assert repoeval_edit_similarity("  x = 1\n  y = 2", "x = 1") == 1.0
    assert repoeval_edit_similarity("kitten", "sitting") == pytest.approx(1 - 3 / 7)


def test_identifiers_leave_out_keywords_and_strings() -> None:
    same = identifier_match("return f(x, 'a')", "return f(x, 'b')", language="python")
    assert (same.exact, same.f1) == (True, 1.0)
    other = identifier_match("return g(x)", "return f(x)", language="python")
    assert (other.exact, other.f1) == (False, 0.5)
    assert identifier_match("return", "pass", language="python").f1 == 1.0


def test_bootstrap_interval_holds_the_mean_and_narrows_with_more_values() -> None:
    rng = random.Random(0)
    values = [float(rng.random() < 0.3) for _ in range(400)]
    few, many = bootstrap_interval(values[:40]), bootstrap_interval(values)
    assert many.low < many.mean < many.high
    assert many.high - many.low < few.high - few.low
    # The normal approximation of the standard error, an independent computation.
    error = math.sqrt(many.mean * (1 - many.mean) / len(values))
    assert many.high - many.mean == pytest.approx(1.96 * error, rel=0.15)
    assert bootstrap_interval(values) == many


def test_no_values_have_no_interval() -> None:
    assert math.isnan(bootstrap_interval([]).mean)


def test_edit_similarity_is_thefuzzs_ratio() -> None:
    rng = random.Random(6)
    for _ in range(100):
        a, b = ("".join(rng.choices("abc(.", k=rng.randrange(1, 40))) for _ in range(2))
        assert round(100 * edit_similarity(a, b)) == fuzz.ratio(a, b)
