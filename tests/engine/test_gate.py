"""The decision: what the model says, the rule, and the modes that overrule it."""

from __future__ import annotations

import numpy as np
import pytest

from sidelong.engine.gate import Signal, decide, read_signal
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
