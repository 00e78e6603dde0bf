"""The correction of the decision as a value: what it says, and what it refuses to be read from."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sidelong.engine.correction import Correction, from_json, log_odds, to_json

STATE = np.array([3.0, -3.0, 3.0, 3.0], dtype=np.float32)


@pytest.fixture
def correction() -> Correction:
    """A gain of 0.1 is worth 0.2, one of 0.3 is worth 0.8."""
    return Correction(
        models="a",
        bias=0.2,
        slope=0.0,
        weights=np.zeros(4),
        gains=np.array([0.1, 0.3]),
        probabilities=np.array([0.2, 0.8]),
    )


def test_a_forecast_is_put_on_the_scale_of_probabilities(correction: Correction) -> None:
    assert correction.of(0.01, STATE) == pytest.approx(0.5)
    assert replace(correction, bias=9.0).of(0.01, STATE) == 0.8
    assert replace(correction, bias=-9.0).of(0.01, STATE) == 0.2


def test_the_log_odds_and_the_state_both_count(correction: Correction) -> None:
    by_odds = replace(correction, slope=0.1 / log_odds(0.9))
    assert by_odds.of(0.9, STATE) == pytest.approx(0.8)
    by_state = replace(correction, weights=np.array([0.0, 0.05, 0.0, 0.0]))
    assert by_state.of(0.9, STATE) == pytest.approx(0.35)


def test_only_the_direction_of_a_state_counts(correction: Correction) -> None:
    weighted = replace(correction, weights=np.array([0.01, 0.02, 0.03, 0.0]))
    assert weighted.of(0.5, STATE) == pytest.approx(weighted.of(0.5, 10 * STATE))


def test_certainty_is_no_infinity(correction: Correction) -> None:
    assert 0 <= replace(correction, slope=1.0).of(1.0, STATE) <= 1
    assert 0 <= replace(correction, slope=1.0).of(0.0, STATE) <= 1


def test_a_state_of_another_size_corrects_nothing(correction: Correction) -> None:
    assert correction.of(0.123, STATE[:3]) == 0.123


def test_it_survives_being_kept(correction: Correction) -> None:
    back = from_json(json.loads(json.dumps(to_json(correction))))
    assert to_json(back) == to_json(correction)


@pytest.mark.parametrize(
    "damage",
    [
        {"format": 2},
        {"weights": []},
        {"weights": [1.0, float("nan")]},
        {"weights": "all"},
        {"bias": float("inf")},
        {"bias": None},
        {"gains": [0.3, 0.1]},
        {"gains": [0.1, 0.2, 0.3]},
        {"probabilities": [0.8, 0.2]},
        {"probabilities": [0.2, 1.8]},
        {"slope": [1]},
    ],
    ids=str,
)
def test_a_damaged_record_is_refused(correction: Correction, damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="it"):
        from_json({**to_json(correction), **damage})


@pytest.mark.parametrize("record", [None, [], "x", {}, {"format": 1}])
def test_what_is_no_record_is_refused(record: object) -> None:
    with pytest.raises(ValueError, match="it"):
        from_json(record)
