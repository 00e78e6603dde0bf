"""The decision: what the model says, the rule, and the modes that overrule it."""

from __future__ import annotations

import numpy as np
import pytest

from sidelong.engine.gate import Formula, Signal, decide, parse_formula, read_signal
from sidelong.settings import RetrievalMode, Rule

CC = 2


def logits(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


def test_the_probability_is_the_softmax_of_all_tokens() -> None:
    seen = read_signal(logits(0, 0, np.log(2), 0), CC)
    assert seen.probability == pytest.approx(2 / 5)
    assert seen.likeliest


def test_huge_logits_do_not_overflow() -> None:
    assert read_signal(logits(3e38, 0, 3e38), CC).probability == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("mode", "rule", "seen", "retrieved"),
    [
        ("auto", "threshold", Signal(0.3, likeliest=False), True),
        ("auto", "threshold", Signal(0.29, likeliest=True), False),
        ("auto", "greedy", Signal(0.29, likeliest=True), True),
        ("auto", "greedy", Signal(0.9, likeliest=False), False),
        ("auto", "threshold", None, False),
        ("always", "threshold", Signal(0.0, likeliest=False), True),
        ("always", "threshold", None, True),
        ("never", "threshold", Signal(1.0, likeliest=True), False),
    ],
)
def test_decisions(mode: RetrievalMode, rule: Rule, seen: Signal | None, retrieved: bool) -> None:
    assert decide(seen, mode=mode, rule=rule, threshold=0.3).retrieved is retrieved


def test_a_mode_that_overrules_still_reports_the_probability() -> None:
    gate = decide(Signal(0.7, likeliest=True), mode="never", rule="greedy", threshold=0.5)
    assert (gate.probability, gate.rule) == (0.7, "never")


def test_a_formula_reads_as_it_is_written() -> None:
    assert parse_formula("0.5,-1,2") == Formula(0.5, -1.0, 2.0)
    assert parse_formula("0.5,-1,2,0.1") == Formula(0.5, -1.0, 2.0, 0.1)
    for text in ("", "1,2", "1,2,3,4,5", "a,b,c", "nan,0,0", "1,inf,0", "1e9,0,0"):
        assert parse_formula(text) is None


def test_a_formula_that_changes_nothing_is_the_probability() -> None:
    for probability in (0.01, 0.5, 0.99):
        assert Formula(0.0, 1.0, 0.0).of(probability, best=0.7) == pytest.approx(probability)
    assert Formula(0.0, 1.0, 2.0).of(0.5, best=0.5) == pytest.approx(0.731, abs=0.001)
    assert Formula(0.0, 1.0, 0.0, 1.0).of(0.5, 0.0, match=1) == pytest.approx(2 / 3)
