"""The decision, refitted on the engine's labels without touching the rest: only `<cc>`'s row.

With tied embeddings that row says when `<cc>` is likely after `<eof>`, and nothing else that is
served reads it; so completions stay as they were. With a few thousand labels this decides no worse
than training all weights, which costs completions (LOG.md). Each label holds the state at its
`<eof>`, so that nothing is computed with the model again: a logistic regression under the model's
own softmax, drawn towards the row that was there.

Where the similarity of the best chunk knows better together with P(<cc>), three numbers say how
(`sidelong.gate.score`): the log-odds that retrieval helps are
bias + slope * log-odds of P(<cc>) + score * best similarity.
They are fitted on forecasts for packages that the row was not fitted on, so they also calibrate.

    python -m training.decide WORK/mixed.gguf --labels WORK/labels.jsonl --report WORK/decide.json \\
        --out WORK/decide.gguf
"""

from __future__ import annotations

import argparse
import base64
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sidelong.evaluation.decision import auc
from training import modelfile
from training.files import write_text
from training.label import Outcome, read
from training.modelfile import EMBEDDING, ModelFile, text

FOLDS = 5
DECAYS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1)
FORMULA = "sidelong.gate.score"
PIECE = 512

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Labels:
    """What the model knew at each `<eof>`, and whether retrieval helped there."""

    states: Floats
    """The last normed states [N, C]."""
    others: Floats
    """Log of the summed exponentials of all other tokens' logits [N]."""
    best: Floats
    """Jaccard similarity of the best chunk; 0 where there was none [N]."""
    helped: Floats
    """1 or 0 [N]."""
    fold: npt.NDArray[np.int64]
    """Packages share one [N]."""

    def where(self, chosen: npt.NDArray[np.bool_]) -> Labels:
        return Labels(*(getattr(self, field.name)[chosen] for field in fields(self)))


def labels(model: ModelFile, cc: int, outcomes: Sequence[Outcome], *, margin: float) -> Labels:
    """The outcomes as labels; raises `SystemExit` if another model made them."""
    states = np.stack([_state(outcome) for outcome in outcomes])
    embedding = model.tensors[EMBEDDING].floats()
    others, mine = np.empty(len(states)), states @ embedding[cc].astype(np.float64)
    for start in range(0, len(states), PIECE):
        logits = states[start : start + PIECE].astype(np.float32) @ embedding.T
        logits[:, cc] = -np.inf
        others[start : start + PIECE] = np.logaddexp.reduce(logits, axis=1)
    recorded = np.array([outcome.probability for outcome in outcomes])
    if np.median(np.abs(sigmoid(mine - others) - recorded)) > 0.05:
        raise SystemExit("the labels were made with another model; make them with this one")
    return Labels(
        states,
        others,
        np.array([max(outcome.scores, default=0.0) for outcome in outcomes]),
        np.array([float(outcome.gain > margin) for outcome in outcomes]),
        folds([outcome.case.package for outcome in outcomes]),
    )


def _state(outcome: Outcome) -> Floats:
    return np.frombuffer(base64.b64decode(outcome.state), dtype="<f2").astype(np.float64)


def folds(packages: Sequence[str]) -> npt.NDArray[np.int64]:
    """The fold of each label [N]: whole packages, the folds about equally large."""
    taken, sizes = {}, [0] * FOLDS
    for package, n in sorted(Counter(packages).items(), key=lambda item: (-item[1], item[0])):
        taken[package] = fold = sizes.index(min(sizes))
        sizes[fold] += n
    return np.array([taken[package] for package in packages])


def across(given: Labels, forecast: Callable[[Labels, Labels], Floats]) -> Floats:
    """Log-odds [N] of each fold by what was fitted on the others: `forecast(others, fold)`."""
    found = np.empty(len(given.helped))
    for fold in np.unique(given.fold):
        mine = given.fold == fold
        found[mine] = forecast(given.where(~mine), given.where(mine))
    return found


def fit_row(given: Labels, start: Floats, decay: float) -> Floats:
    """The row [C] that forecasts best, drawn towards `start`."""
    states, others = torch.from_numpy(given.states), torch.from_numpy(given.others)
    helped, first = torch.from_numpy(given.helped), torch.from_numpy(start)
    # The penalty is of log-odds, so that it means the same whatever the states' size.
    size = float(states.square().mean())

    def loss(change: Tensor) -> Tensor:
        return _log_loss(states @ (first + change) - others, helped) + decay * size * (
            change.square().sum()
        )

    found: Floats = start + minimum(loss, len(start))
    return found


def fit_formula(log_odds: Floats, best: Floats, helped: Floats) -> Floats:
    """Bias, slope and what a similarity of 1 counts, with which the forecast is likeliest."""
    read = torch.from_numpy(np.stack([np.ones_like(best), log_odds, best], axis=1))
    wanted = torch.from_numpy(helped)
    return minimum(lambda numbers: _log_loss(read @ numbers, wanted), 3)


def minimum(loss: Callable[[Tensor], Tensor], size: int) -> Floats:
    """Where a convex loss of `size` numbers is least."""
    found = torch.zeros(size, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([found], max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = loss(found)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return found.detach().numpy()


def _log_loss(log_odds: Tensor, helped: Tensor) -> Tensor:
    return torch.nn.functional.binary_cross_entropy_with_logits(log_odds, helped)


def log_loss(log_odds: Floats, helped: Floats) -> float:
    """Nats a label; 0.69 is what a coin knows."""
    return float(_log_loss(torch.from_numpy(log_odds), torch.from_numpy(helped)))


def sigmoid(x: Floats) -> Floats:
    return np.exp(-np.logaddexp(0, -x))


def by_formula(numbers: Floats, log_odds: Floats, best: Floats) -> Floats:
    """The corrected log-odds."""
    found: Floats = numbers[0] + numbers[1] * log_odds + numbers[2] * best
    return found


@dataclass(frozen=True, eq=False)
class Decision:
    """What was fitted; `formula` is None where P(<cc>) alone forecasts no worse."""

    row: Floats
    formula: Floats | None
    report: dict[str, object]


def fit(given: Labels, start: Floats) -> Decision:
    """The row and the formula; everything about them is judged on other packages."""
    by_decay = {
        decay: across(
            given,
            lambda rest, mine, d=decay: mine.states @ fit_row(rest, start, d) - mine.others,
        )
        for decay in DECAYS
    }
    decay = min(DECAYS, key=lambda d: log_loss(by_decay[d], given.helped))
    alone = by_decay[decay]
    nothing = np.zeros_like(given.best)

    def joined(best: Floats) -> Floats:
        found = np.empty_like(alone)
        for fold in np.unique(given.fold):
            mine = given.fold == fold
            numbers = fit_formula(alone[~mine], best[~mine], given.helped[~mine])
            found[mine] = by_formula(numbers, alone[mine], best[mine])
        return found

    ways = {
        "the row before": given.states @ start - given.others,
        "best similarity": given.best,
        "P(<cc>)": alone,
        "P(<cc>), calibrated": joined(nothing),
        "P(<cc>) and best similarity": joined(given.best),
    }
    losses = {name: log_loss(ways[name], given.helped) for name in list(ways)[2:]}
    best_way = min(losses, key=lambda name: losses[name])
    used = {"P(<cc>), calibrated": nothing, "P(<cc>) and best similarity": given.best}
    formula = None
    if best_way in used:
        formula = fit_formula(alone, used[best_way], given.helped)
    report: dict[str, object] = {
        "labels": len(given.helped),
        "helped": float(given.helped.mean()),
        "decay": decay,
        "taken": best_way,
        "auc": {name: auc(x, given.helped.astype(bool)) for name, x in ways.items()},
        "log_loss": losses,
        "reliability": reliability(sigmoid(ways[best_way]), given.helped),
    }
    return Decision(fit_row(given, start, decay), formula, report)


def reliability(forecast: Floats, helped: Floats) -> list[tuple[float, float]]:
    """For each fifth of the labels, by forecast: its mean, and the share that was helped."""
    order = np.array_split(np.argsort(forecast, kind="stable"), 5)
    return [(float(forecast[part].mean()), float(helped[part].mean())) for part in order]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="the GGUF with which the labels were made")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--margin", type=float, default=0.0, help="the least gain that is help")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = modelfile.read(args.model)
    cc = model.fields["tokenizer.ggml.tokens"].value.index("<cc>")
    given = labels(model, cc, read(args.labels), margin=args.margin)
    embedding = model.tensors[EMBEDDING]
    decision = fit(given, embedding.floats()[cc].astype(np.float64))
    changed = model.holding({EMBEDDING: embedding.with_row(cc, decision.row.astype(np.float32))})
    if decision.formula is not None:
        numbers = ",".join(f"{number:.4g}" for number in decision.formula)
        changed = changed.saying({FORMULA: text(numbers)})
    modelfile.write(args.out, changed)
    if args.report:
        write_text(args.report, json.dumps(decision.report, indent=1) + "\n")
    print(json.dumps(decision.report, indent=1))


if __name__ == "__main__":
    main()
