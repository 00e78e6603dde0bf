"""Stage 9, the figures of the card: the worth of deciding on packages the model never saw.

Reads the outcomes that `label` kept; the threshold is chosen on other packages (`--choose-on`)
than those it is judged on.

    python -m training.evaluate WORK/held_out.jsonl --choose-on WORK/dev_outcomes.jsonl \\
        --row "workspace cache alone" WORK/flat.jsonl --out WORK/report.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sidelong.evaluation import decision
from sidelong.evaluation.metrics import Interval, bootstrap_interval
from sidelong.evaluation.reliability import calibration_error, reliability
from training.corpus import language
from training.files import write_text
from training.outcomes import Outcome, read

Scores = npt.NDArray[np.float64]

LOSS = 0.005
"""Edit similarity that abstaining may cost: half a point, for which less is read."""

SHARES = (0.1, 0.25, 0.5, 0.75)
"""Shares of the blanks at which rankings are compared."""


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
    entropy: Scores

    @property
    def helps(self) -> npt.NDArray[np.bool_]:
        return self.similarity_with > self.similarity_without


@dataclass(frozen=True)
class RuleScores:
    """One way to decide: its rate of retrieval, and the scores of its completions."""

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
        best_score=floats([o.best for o in outcomes]),
        entropy=floats([o.entropy for o in outcomes]),
    )


def rule(name: str, c: Columns, retrieve: npt.NDArray[np.bool_]) -> RuleScores:
    exact = np.where(retrieve, c.exact_with, c.exact_without)
    similarity = np.where(retrieve, c.similarity_with, c.similarity_without)
    return RuleScores(
        name,
        float(retrieve.mean()),
        bootstrap_interval(exact.tolist()),
        bootstrap_interval(similarity.tolist()),
    )


def rules(c: Columns, threshold: float) -> list[RuleScores]:
    """The ways to decide, from never to an oracle that looks only where it helps."""
    n = len(c.probability)
    share = float((c.probability >= threshold).mean())
    by_score = c.best_score >= np.quantile(c.best_score, 1 - share) if share else np.zeros(n, bool)
    return [
        rule("never", c, np.zeros(n, bool)),
        rule("always", c, np.ones(n, bool)),
        rule("greedy", c, c.greedy),
        rule(f"threshold {threshold:.3f}", c, c.probability >= threshold),
        rule("best Jaccard score, same share", c, by_score),
        rule("oracle", c, c.helps),
    ]


def recommend(c: Columns) -> tuple[float, str]:
    """The threshold to ship and why: the highest that loses at most `LOSS` against always."""
    points = decision.sweep(
        c.probability,
        c.similarity_without,
        c.similarity_with,
        thresholds=np.unique(np.quantile(c.probability, np.linspace(0, 1, 101))),
    )
    always = float(c.similarity_with.mean())
    chosen = max(
        (point for point in points if point.score >= always - LOSS),
        key=lambda point: point.threshold,
    )
    return (
        round(chosen.threshold, 4),
        f"the highest threshold that loses at most {100 * LOSS:.1f} points of edit similarity "
        f"against always retrieving, on {len(c.probability)} blanks of the dev packages "
        f"({100 * chosen.score:.1f} against {100 * always:.1f}, retrieving {chosen.retrieved:.0%})",
    )


@dataclass(frozen=True)
class Ranking:
    """One signal that ranks blanks by the wish to retrieve, judged by its ranking."""

    name: str
    auc: float
    at_shares: list[float]
    """Edit similarity when the best-ranked `SHARES` of the blanks retrieve."""
    chosen_share: float
    """The share of the best edit similarity on the dev packages."""
    chosen: Interval
    """Edit similarity when that share retrieves."""


def rankings(c: Columns, dev: Columns) -> list[Ranking]:
    """The token against simpler signals, and together with them."""
    shares = np.linspace(0, 1, 21)
    made = []
    for (name, wanted), (_, on_dev) in zip(signals(c), signals(dev), strict=True):
        share = float(max(shares, key=lambda x: _at_share(dev, on_dev, x).mean()))
        made.append(
            Ranking(
                name,
                decision.auc(wanted, c.helps),
                [float(_at_share(c, wanted, x).mean()) for x in SHARES],
                share,
                bootstrap_interval(_at_share(c, wanted, share).tolist()),
            )
        )
    return made


def signals(c: Columns) -> list[tuple[str, Scores]]:
    """Each signal's name and its value for each blank; high values ask for retrieval."""
    token, score = _ranks(c.probability), _ranks(c.best_score)
    return [
        ("P(<cc>)", c.probability),
        ("best Jaccard score", c.best_score),
        ("entropy of the first token", c.entropy),
        ("P(<cc>) looks, the score reads", np.minimum(token, score)),
        ("P(<cc>) and score, mean rank", token + score),
        ("chance", np.random.default_rng(1).random(len(c.probability))),
    ]


def _at_share(c: Columns, wanted: Scores, share: float) -> Scores:
    """Edit similarities when the `share` of the blanks with the highest values retrieves."""
    n = round(share * len(wanted))
    retrieve = np.zeros(len(wanted), dtype=np.bool_)
    retrieve[np.argsort(-wanted, kind="stable")[:n]] = True
    return np.where(retrieve, c.similarity_with, c.similarity_without)


def robustness(
    outcomes: Sequence[Outcome], before: Sequence[Outcome], threshold: float
) -> dict[str, float]:
    """The retrievals that hurt before the second stage, and the share that still do after it."""
    hurt = {o.case.key for o in before if o.gain < 0}
    now = [o for o in outcomes if o.case.key in hurt]
    still = [o for o in now if o.probability >= threshold and o.gain < 0]
    if_always = [o for o in now if o.gain < 0]
    n = max(1, len(now))
    return {"hurt_before": len(now), "still": len(still) / n, "if_always": len(if_always) / n}


def report(
    outcomes: Sequence[Outcome],
    threshold: float,
    dev: Sequence[Outcome],
    before: Sequence[Outcome] | None = None,
) -> dict[str, object]:
    """All figures of one set of outcomes, for the card and for machines.

    `dev` are other outcomes to choose on; `before` those of the same blanks before the second
    stage, where that changed the texts.
    """
    c = columns(outcomes)
    bins = reliability(c.probability, c.helps)

    def grouped(key: Callable[[Outcome], str]) -> dict[str, list[dict[str, object]]]:
        names = sorted({key(o) for o in outcomes})
        of_group = {name: columns([o for o in outcomes if key(o) == name]) for name in names}
        return {
            name: [asdict(r) for r in rules(some, threshold)] for name, some in of_group.items()
        }

    at = decision.decide(
        c.probability, c.similarity_without, c.similarity_with, threshold=threshold
    )
    return {
        "blanks": len(outcomes),
        "rows": [asdict(r) for r in rules(c, threshold)],
        "shares": asdict(decision.shares(c.similarity_without, c.similarity_with)),
        "gates": [asdict(ranking) for ranking in rankings(c, columns(dev))],
        "at_threshold": asdict(at),
        "calibration_error": calibration_error(bins),
        "reliability": [asdict(b) for b in bins],
        "robustness": robustness(outcomes, outcomes if before is None else before, threshold),
        "kinds": grouped(lambda o: o.case.kind),
        "languages": grouped(lambda o: language(o.case.path)),
    }


def _ranks(values: Scores) -> Scores:
    ranks: Scores = np.argsort(np.argsort(values)).astype(np.float64)
    return ranks


def markdown(title: str, rows: Sequence[RuleScores]) -> str:
    """A table of the card, in percent with 95 % bootstrap intervals."""
    return table(
        [title, "retrieved", "exact match", "edit similarity"],
        [[r.name, f"{r.retrieved:.0%}", cell(r.exact), cell(r.similarity)] for r in rows],
    )


def rankings_markdown(compared: Sequence[Ranking]) -> str:
    """A table of the rankings: edit similarity by the share that retrieves."""
    shares = [f"best {share:.0%}" for share in SHARES]
    return table(
        ["gate", "AUC", *shares, "share chosen on dev", "edit similarity there"],
        [
            [
                ranking.name,
                f"{ranking.auc:.3f}",
                *(f"{100 * score:.1f}" for score in ranking.at_shares),
                f"{ranking.chosen_share:.0%}",
                cell(ranking.chosen),
            ]
            for ranking in compared
        ],
    )


def cell(i: Interval) -> str:
    """A mean in percent with its interval."""
    return f"{100 * i.mean:.1f} ({100 * i.low:.1f} to {100 * i.high:.1f})"


def table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(row)} |" for row in (head, *body)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outcomes", type=Path)
    parser.add_argument("--choose-on", type=Path, required=True)
    parser.add_argument("--before", type=Path, help="the same blanks before the second stage")
    parser.add_argument("--row", nargs=2, action="append", default=[], metavar=("NAME", "FILE"))
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    dev = read(args.choose_on)
    threshold, why = recommend(columns(dev))
    outcomes = read(args.outcomes)
    before = read(args.before) if args.before else None
    figures = report(outcomes, threshold, dev, before) | {"threshold": threshold, "reason": why}
    c = columns(outcomes)
    table = rules(c, threshold)
    for name, path in args.row:
        other = columns(read(Path(path)))
        n = len(other.probability)
        table.append(rule(f"{name}, without retrieval", other, np.zeros(n, bool)))
        table.append(rule(f"{name}, with retrieval", other, np.ones(n, bool)))
    figures["rows"] = [asdict(r) for r in table]
    write_text(args.out, json.dumps(figures, indent=1))
    print(markdown(f"{len(outcomes)} blanks", table))
    print()
    print(rankings_markdown(rankings(c, columns(dev))))
    print()
    short = {"rows", "kinds", "languages", "gates"}
    print(json.dumps({k: v for k, v in figures.items() if k not in short}, indent=1))


if __name__ == "__main__":
    main()
