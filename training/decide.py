"""Stage 6, the decision: a row of its own for it, fitted on the engine's labels, and nothing else.

With tied embeddings the row of `<cc>` says when that token is likely after `<eof>`, and it is also
what the model reads in front of retrieved chunks. So the fitted row is that of another token,
`<look>`, which nothing reads: `sidelong.gate.token` names it, and the engine takes its logit for
that of `<cc>`. All texts stay as they were. With a few thousand labels this decides no worse than
training all weights, which costs completions (LOG.md). Each label holds the state at its `<eof>`,
so nothing is computed with the model again.

Where it forecasts better, the file also says how P(<cc>) is corrected, by what the search found
too (`sidelong.gate.score`: bias, slope, score, match; see `forecast.by_formula`).

    python -m training.decide WORK/mixed.gguf --labels WORK/labels.jsonl \\
        --report WORK/decide.json --out WORK/decide.gguf
"""

from __future__ import annotations

import argparse
import base64
import json
from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt
import torch

from sidelong.engine.correction import log_odds
from training import modelfile
from training.files import write_text
from training.forecast import FOLDS, Decision, Floats, Labels, fit, folds
from training.modelfile import EMBEDDING, ModelFile, count, integers, text, texts
from training.outcomes import Outcome, read

FORMULA = "sidelong.gate.score"
TOKEN = "sidelong.gate.token"
LOOK = "<look>"
TOKENS, KINDS = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"

PIECE = 512
"""Labels whose logits are held at once."""

SAME = 0.5
"""Log-odds that a label's P(<cc>) may be off: states are kept in half precision, and llama.cpp
rounds them more."""

ROUNDINGS = 300
"""Tried for the row: all states share a direction, along which errors of rounding add up."""


def labels(model: ModelFile, outcomes: Sequence[Outcome], *, margin: float) -> Labels:
    """The outcomes as labels; raises `SystemExit` if they are too few, or another model's."""
    if len(outcomes) < FOLDS:
        raise SystemExit(f"{len(outcomes)} labels are too few; make more with training.label")
    states = np.stack([state(outcome) for outcome in outcomes])
    others, logits = against_others(model, states)
    recorded = np.array([log_odds(outcome.probability) for outcome in outcomes])
    if np.median(np.abs(logits - others - recorded)) > SAME:
        raise SystemExit("the labels were made with another model; make them with this one")
    likeness = [(o.best, np.log1p(o.match)) for o in outcomes]
    helped = [float(outcome.gain > margin) for outcome in outcomes]
    packages = [outcome.case.package for outcome in outcomes]
    return Labels(states, others, np.array(likeness), np.array(helped), folds(packages))


def state(outcome: Outcome) -> Floats:
    """The last normed state [C] that a label holds."""
    return np.frombuffer(base64.b64decode(outcome.state), dtype="<f2").astype(np.float64)


def against_others(model: ModelFile, states: Floats) -> tuple[Floats, Floats]:
    """Log of the summed exponentials of all logits but the decision's, and that logit [N]."""
    embedding, rows = model.tensors[EMBEDDING].floats(), rows_of(model)
    mine = states @ embedding[rows[-1]].astype(np.float64)
    others = np.empty(len(states))
    for start in range(0, len(states), PIECE):
        logits = states[start : start + PIECE].astype(np.float32) @ embedding.T
        logits[:, rows] = -np.inf
        others[start : start + PIECE] = np.logaddexp.reduce(logits, axis=1)
    return others, mine


def rows_of(model: ModelFile) -> list[int]:
    """The ids of `<cc>` and, where the file has it, of `<look>`: the last one's row decides."""
    tokens = model.fields[TOKENS].value
    return [tokens.index(token) for token in ("<cc>", LOOK) if token in tokens]


def decided(model: ModelFile, decision: Decision, states: Floats) -> ModelFile:
    """The model that decides so; of several ways to round the row, the nearest on `states`."""
    embedding = model.tensors[EMBEDDING]
    plainly = embedding.packed_alike(decision.row[None].astype(np.float32))
    size = np.sqrt(np.mean((plainly.floats()[0] - decision.row) ** 2))
    rng = np.random.default_rng(1)
    near = decision.row + size * rng.normal(0, 1, (ROUNDINGS, len(decision.row)))
    rounded = embedding.packed_alike(near.astype(np.float32))
    off = ((rounded.floats() - decision.row) @ states.T) ** 2
    best = int(off.mean(axis=1).argmin())
    made = with_look(model, near[best].astype(np.float32))
    if decision.formula is None:
        return made
    return made.saying({FORMULA: text(",".join(f"{n:.4g}" for n in decision.formula))})


def with_look(model: ModelFile, row: npt.NDArray[np.float32]) -> ModelFile:
    """The model with this row [C] for `<look>`, which joins the vocabulary if it is new."""
    embedding, fields = model.tensors[EMBEDDING], model.fields
    tokens, kinds = fields[TOKENS].value, fields[KINDS].value
    if LOOK in tokens:
        return model.holding({EMBEDDING: embedding.with_row(tokens.index(LOOK), row)})
    size = f"{model.architecture}.vocab_size"
    more = {TOKENS: texts([*tokens, LOOK]), KINDS: integers([*kinds, gguf.TokenType.CONTROL])}
    more |= {size: count(len(tokens) + 1)} if size in fields else {}
    more |= {TOKEN: text(LOOK)}
    return model.saying(more).holding({EMBEDDING: embedding.with_more(row[None])})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="the GGUF with which the labels were made")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--margin", type=float, default=0.0, help="the least gain that is help")
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = modelfile.read(args.model)
    start = model.tensors[EMBEDDING].floats()[rows_of(model)[-1]].astype(np.float64)
    given = labels(model, read(args.labels), margin=args.margin)
    decision = fit(given, start)
    modelfile.write(args.out, decided(model, decision, given.states))
    said = json.dumps(decision.report, indent=1)
    write_text(args.report, said + "\n")
    print(said)


if __name__ == "__main__":
    main()
