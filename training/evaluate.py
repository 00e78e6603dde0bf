"""Stage 9, the figures of the card: what deciding is worth on packages the model never saw.

Reads the outcomes that `label` kept; the threshold is chosen on other packages (`--choose-on`)
than those it is judged on. Leaves metrics to `sidelong.evaluation`.

    python -m training.evaluate WORK/held_out.jsonl --choose-on WORK/dev_outcomes.jsonl \\
        --row "workspace cache alone" WORK/flat.jsonl --out WORK/report.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sidelong.evaluation import decision
from sidelong.evaluation.metrics import Interval, bootstrap_interval
from training.label import Outcome, read

Scores = npt.NDArray[np.float64]

BINS = 10


@dataclass(frozen=True)
class Columns:
    """Outcomes as arrays, one value per blank."""

    exact_without: Scores
    exact_with: Scores
    similarity_without: Scores
    similarity_with: Scores
    probability: Scores
    greedy: npt.NDArray[np.bool_]
    best_score: Scores

    @property
    def helps(self) -> npt.NDArray[np.bool_]:
        return self.similarity_with > self.similarity_without


@dataclass(frozen=True)
class Row:
    """One way to decide: how often it retrieves, and what the completions then score."""

    name: str
    retrieved: float
    exact: Interval
    similarity: Interval


def columns(outcomes: Sequence[Outcome]) -> Columns:
    def floats(values: list[float]) -> Scores:
        return np.array(values, dtype=np.float64)

    return Columns(
        exact_without=floats([o.without.exact for o in outcomes]),
        exact_with=floats([o.with_context.exact for o in outcomes]),
        similarity_without=floats([o.without.edit_similarity for o in outcomes]),
        similarity_with=floats([o.with_context.edit_similarity for o in outcomes]),
        probability=floats([o.probability for o in outcomes]),
        greedy=np.array([o.greedy for o in outcomes], dtype=np.bool_),
        best_score=floats([o.scores[0] if o.scores else 0.0 for o in outcomes]),
    )


def row(name: str, c: Columns, retrieve: npt.NDArray[np.bool_]) -> Row:
    exact = np.where(retrieve, c.exact_with, c.exact_without)
    similarity = np.where(retrieve, c.similarity_with, c.similarity_without)
    return Row(
        name,
        float(retrieve.mean()),
        bootstrap_interval(exact.tolist()),
        bootstrap_interval(similarity.tolist()),
    )


def rows(c: Columns, threshold: float) -> list[Row]:
    """The ways to decide, from never to an oracle that looks only where it helps."""
    n = len(c.probability)
    share = float((c.probability >= threshold).mean())
    by_score = c.best_score >= np.quantile(c.best_score, 1 - share) if share else np.zeros(n, bool)
    return [
        row("never", c, np.zeros(n, bool)),
        row("always", c, np.ones(n, bool)),
        row("greedy", c, c.greedy),
        row(f"threshold {threshold:.3f}", c, c.probability >= threshold),
        row("best Jaccard score, same share", c, by_score),
        row("oracle", c, c.helps),
    ]


def recommend(c: Columns) -> tuple[float, str]:
    """The threshold to ship and why: the highest that loses nothing against always retrieving.

    If none holds that, the one with the best edit similarity.
    """
    points = decision.sweep(
        c.probability,
        c.similarity_without,
        c.similarity_with,
        thresholds=np.unique(np.quantile(c.probability, np.linspace(0, 1, 101))),
    )
    always = float(c.similarity_with.mean())
    enough = [point for point in points if point.score >= always]
    if enough:
        chosen = max(enough, key=lambda point: point.threshold)
        why = "the highest threshold that loses no edit similarity against always retrieving"
    else:
        chosen = decision.best(points)
        why = "the threshold of the best edit similarity"
    return (
        round(chosen.threshold, 4),
        f"{why}, on {len(c.probability)} blanks of the dev packages "
        f"({100 * chosen.score:.1f} against {100 * always:.1f}, retrieving {chosen.retrieved:.0%})",
    )


def calibration_error(c: Columns) -> float:
    """Expected calibration error of P(<cc>) as a forecast that retrieval helps."""
    bins = np.minimum((c.probability * BINS).astype(int), BINS - 1)
    gaps = [
        (bins == b).mean() * abs(c.probability[bins == b].mean() - c.helps[bins == b].mean())
        for b in range(BINS)
        if (bins == b).any()
    ]
    return float(sum(gaps))


def report(outcomes: Sequence[Outcome], threshold: float) -> dict[str, object]:
    """All figures of one set of outcomes, for the card and for machines."""
    c = columns(outcomes)
    kinds = sorted({o.case.kind for o in outcomes})
    of_kind = {kind: columns([o for o in outcomes if o.case.kind == kind]) for kind in kinds}
    at = decision.decide(
        c.probability, c.similarity_without, c.similarity_with, threshold=threshold
    )
    return {
        "blanks": len(outcomes),
        "rows": [asdict(r) for r in rows(c, threshold)],
        "shares": asdict(decision.shares(c.similarity_without, c.similarity_with)),
        "auc": {
            "P(<cc>)": decision.auc(c.probability, c.helps),
            "best Jaccard score": decision.auc(c.best_score, c.helps),
            "both": decision.auc(_ranks(c.probability) + _ranks(c.best_score), c.helps),
        },
        "at_threshold": asdict(at),
        "calibration_error": calibration_error(c),
        "kinds": {k: [asdict(r) for r in rows(v, threshold)] for k, v in of_kind.items()},
    }


def _ranks(values: Scores) -> Scores:
    ranks: Scores = np.argsort(np.argsort(values)).astype(np.float64)
    return ranks


def markdown(title: str, found: Sequence[Row]) -> str:
    """A table of the card, in percent with 95 % bootstrap intervals."""

    def cell(i: Interval) -> str:
        return f"{100 * i.mean:.1f} ({100 * i.low:.1f} to {100 * i.high:.1f})"

    lines = [f"| {title} | retrieved | exact match | edit similarity |", "|---|---|---|---|"]
    lines += [
        f"| {r.name} | {r.retrieved:.0%} | {cell(r.exact)} | {cell(r.similarity)} |" for r in found
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outcomes", type=Path)
    parser.add_argument("--choose-on", type=Path, required=True)
    parser.add_argument("--row", nargs=2, action="append", default=[], metavar=("NAME", "FILE"))
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    threshold, why = recommend(columns(read(args.choose_on)))
    outcomes = read(args.outcomes)
    found = report(outcomes, threshold) | {"threshold": threshold, "reason": why}
    c = columns(outcomes)
    table = rows(c, threshold)
    for name, path in args.row:
        other = columns(read(Path(path)))
        n = len(other.probability)
        table.append(row(f"{name}, without retrieval", other, np.zeros(n, bool)))
        table.append(row(f"{name}, with retrieval", other, np.ones(n, bool)))
    found["rows"] = [asdict(r) for r in table]
    args.out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(markdown(f"{len(outcomes)} blanks", table))
    print(json.dumps({k: v for k, v in found.items() if k not in {"rows", "kinds"}}, indent=1))


if __name__ == "__main__":
    main()
