"""The decision, refitted on the engine's labels without touching the rest: only `<cc>`'s row.

With tied embeddings that row says when `<cc>` is likely after `<eof>`, and nothing else that is
served reads it; so completions stay as they were. With a few thousand labels this decides no worse
than training all weights, which costs completions (LOG.md). Each label holds the state at its
`<eof>`, so nothing is computed with the model again.

Where it forecasts better, the file also says how P(<cc>) is corrected, by the best chunk's
similarity too (`sidelong.gate.score`: bias, slope, score; see `forecast.by_formula`).

    python -m training.decide WORK/mixed.gguf --labels WORK/labels.jsonl \\
        --report WORK/decide.json --out WORK/decide.gguf
"""

from __future__ import annotations

import argparse
import base64
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from training import modelfile
from training.files import write_text
from training.forecast import Decision, Floats, Labels, fit, folds, sigmoid
from training.modelfile import EMBEDDING, ModelFile, text
from training.outcomes import Outcome, read

FORMULA = "sidelong.gate.score"

PIECE = 512
"""Labels whose logits are held at once."""

SAME = 0.05
"""How far P(<cc>) may be from what a label recorded: states are kept in half precision."""


def labels(model: ModelFile, outcomes: Sequence[Outcome], *, margin: float) -> Labels:
    """The outcomes as labels; raises `SystemExit` if there are none, or another model's."""
    if not outcomes:
        raise SystemExit("there are no labels; make them with training.label")
    states = np.stack([state(outcome) for outcome in outcomes])
    others, logits = against_others(model, states)
    recorded = np.array([outcome.probability for outcome in outcomes])
    if np.median(np.abs(sigmoid(logits - others) - recorded)) > SAME:
        raise SystemExit("the labels were made with another model; make them with this one")
    best = [max(outcome.scores, default=0.0) for outcome in outcomes]
    helped = [float(outcome.gain > margin) for outcome in outcomes]
    packages = [outcome.case.package for outcome in outcomes]
    return Labels(states, others, np.array(best), np.array(helped), folds(packages))


def state(outcome: Outcome) -> Floats:
    """The last normed state [C] that a label holds."""
    return np.frombuffer(base64.b64decode(outcome.state), dtype="<f2").astype(np.float64)


def against_others(model: ModelFile, states: Floats) -> tuple[Floats, Floats]:
    """Log of the summed exponentials of all logits but `<cc>`'s, and the logit of that [N]."""
    embedding, cc = model.tensors[EMBEDDING].floats(), cc_of(model)
    mine = states @ embedding[cc].astype(np.float64)
    others = np.empty(len(states))
    for start in range(0, len(states), PIECE):
        logits = states[start : start + PIECE].astype(np.float32) @ embedding.T
        logits[:, cc] = -np.inf
        others[start : start + PIECE] = np.logaddexp.reduce(logits, axis=1)
    return others, mine


def cc_of(model: ModelFile) -> int:
    """The id of `<cc>`."""
    tokens: list[str] = model.fields["tokenizer.ggml.tokens"].value
    return tokens.index("<cc>")


def decided(model: ModelFile, decision: Decision) -> ModelFile:
    """The model that decides so."""
    row = decision.row.astype(np.float32)
    embedding = model.tensors[EMBEDDING].with_row(cc_of(model), row)
    made = model.holding({EMBEDDING: embedding})
    if decision.formula is None:
        return made
    return made.saying({FORMULA: text(",".join(f"{n:.4g}" for n in decision.formula))})


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
    start = model.tensors[EMBEDDING].floats()[cc_of(model)].astype(np.float64)
    decision = fit(labels(model, read(args.labels), margin=args.margin), start)
    modelfile.write(args.out, decided(model, decision))
    said = json.dumps(decision.report, indent=1)
    write_text(args.report, said + "\n")
    print(said)


if __name__ == "__main__":
    main()
