"""The figures of the card, on a handful of outcomes whose figures are known."""

from __future__ import annotations

import pytest

pytest.importorskip("tokenizers")

from training.corpus import SourceFile
from training.evaluate import columns, rankings, rankings_markdown, recommend, report, robustness
from training.outcomes import Completed, CorpusBlank, Outcome
from training.succession import between, markdown


def outcome(
    i: int, without: float, with_: float, p: float, *, score: float = 0.1, entropy: float = 1.0
) -> Outcome:
    case = CorpusBlank("p", "a.py" if i % 2 else "b.ts", i, i + 1, "line")
    first, second = (Completed("x" if s == 1 else "y", s == 1, s) for s in (without, with_))
    return Outcome(case, "x", first, second, p, p > 0.5, [score], entropy)


HELPED, SAME, HURT = (0.5, 1.0), (0.5, 0.5), (1.0, 0.5)
OUTCOMES = [
    outcome(0, *HELPED, 0.9, score=0.2, entropy=0.5),
    outcome(1, *HELPED, 0.8, score=0.1, entropy=0.4),
    outcome(2, *SAME, 0.3, score=0.9, entropy=0.9),
    outcome(3, *HURT, 0.6, score=0.3, entropy=0.8),
    outcome(4, *HURT, 0.1, score=0.4, entropy=0.7),
]


def test_gates_are_ranked_by_the_same_blanks() -> None:
    found = {ranking.name: ranking for ranking in rankings(columns(OUTCOMES), columns(OUTCOMES))}
    assert found["P(<cc>)"].auc == 1.0
    assert found["best Jaccard score"].auc == 0.0
    assert found["entropy of the first token"].auc == 0.0
    assert found["P(<cc>)"].chosen_share == pytest.approx(0.3)  # of five, rounded: two
    assert found["P(<cc>)"].chosen.mean == pytest.approx(0.9)
    assert "| P(<cc>) | 1.000 |" in rankings_markdown(list(found.values()))


def test_a_token_that_looks_and_a_score_that_reads_must_both_want_it() -> None:
    some = [outcome(0, *HELPED, 0.9, score=0.1), outcome(1, *HURT, 0.2, score=0.9)]
    some += [outcome(2, *HELPED, 0.8, score=0.8)]
    joint = rankings(columns(some), columns(some))[3]
    assert joint.name == "P(<cc>) looks, the score reads"
    assert joint.at_shares[1] == pytest.approx((0.5 + 1.0 + 1.0) / 3)


def test_the_threshold_may_cost_half_a_point_and_no_more() -> None:
    some = [outcome(i, 0.5, 0.5, 0.1) for i in range(8)]
    some += [outcome(8, 0.5, 0.54, 0.3), outcome(9, 0.5, 0.6, 0.6)]
    threshold, why = recommend(columns(some))
    assert 0.3 < threshold <= 0.6  # 0.4 points are lost; the next one would cost a whole point
    assert "retrieving 10%" in why
    assert recommend(columns([*some[:9], outcome(9, 0.5, 0.6, 0.2)]))[0] <= 0.2


def test_robustness_counts_retrievals_that_hurt_and_still_do() -> None:
    assert robustness(OUTCOMES, OUTCOMES, 0.5) == {"hurt_before": 2, "still": 0.5, "if_always": 1.0}
    mended = [*OUTCOMES[:3], outcome(3, *SAME, 0.6), outcome(4, *HURT, 0.1)]
    assert robustness(mended, OUTCOMES, 0.5) == {"hurt_before": 2, "still": 0.0, "if_always": 0.5}


def test_the_report_goes_by_kind_and_language_and_says_how_calibrated_it_is() -> None:
    found = report(OUTCOMES, 0.5, OUTCOMES)
    assert set(found["languages"]) == {"Python", "TypeScript"}  # type: ignore[call-overload]
    forecast = [0.1, 0.3, 0.6, 0.8, 0.9]
    truth = [0, 0, 0, 1, 1]
    gaps = [abs(p - t) / 5 for p, t in zip(forecast, truth, strict=True)]
    assert found["calibration_error"] == pytest.approx(sum(gaps))


def test_a_successor_is_compared_on_the_same_blanks_as_served() -> None:
    new = [outcome(0, *SAME, 0.9), *OUTCOMES[1:4], outcome(4, *HURT, 0.9)]
    files = [SourceFile("p", name, "x" * 9) for name in ("a.py", "b.ts")]
    found = between(OUTCOMES, new, files, thresholds=(0.5, 0.5))
    flips = found.flips[0]
    assert (flips.n, flips.negative, flips.positive) == (5, 2, 0)
    assert flips.negative_of_right == pytest.approx(2 / 3)
    assert "| all | 5 | 2 (40.0 %) | 66.7 % | 0 (0.0 %) |" in markdown(found)
