"""Stage 7, learning to decide without touching the rest: only `<cc>`'s row of the embedding.

With tied embeddings that row says when `<cc>` is likely after `<eof>`, and nothing else that is
served reads it; so completions stay as pre-training left them. With a few thousand labels this
decides no worse than training all weights, which costs completions (LOG.md).
Fitting is a logistic regression under the model's own softmax: convex, and a matter of seconds
once the states at `<eof>` are known.

    python -m training.head --init WORK/pretrain.pt --data WORK/decide.npz \\
        --tokenizer WORK/tokenizer.json --out WORK/decide.pt
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sidelong.evaluation.decision import auc
from training import checkpoints, packed
from training.model import Model
from training.packed import Packed
from training.tokenizer import load

FOLDS = 5
ROWS = 16


@dataclass(frozen=True)
class States:
    """What the model knows at each `<eof>`, and whether retrieval helped there."""

    hidden: Tensor
    """The last normed states [N, C]."""
    others: Tensor
    """Log of the summed exponentials of all other tokens' logits [N]."""
    helped: Tensor


@torch.no_grad()
def states(model: Model, data: Packed, cc: int) -> States:
    """Read every example up to its `<eof>`, shortest first so that little is padding."""
    order = np.argsort(data.eof, kind="stable")
    hidden = torch.zeros(len(data), model.shape.width)
    for start in range(0, len(order), ROWS):
        chosen = order[start : start + ROWS]
        length = int(data.eof[chosen].max()) + 1
        ids = torch.zeros(len(chosen), length, dtype=torch.long)
        for row, i in enumerate(chosen):
            looked = data.example(int(i)).tokens[: int(data.eof[i]) + 1]
            ids[row, : len(looked)] = torch.tensor(looked)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            read = model.hidden(ids)
        hidden[chosen] = read[torch.arange(len(chosen)), data.eof[chosen].astype(np.int64)].float()
    logits = hidden @ model.embedding.weight.T
    logits[:, cc] = -torch.inf
    helped = torch.from_numpy(packed.retrieving(data)).float()
    return States(hidden, logits.logsumexp(dim=1), helped)


def fit(s: States, *, decay: float) -> Tensor:
    """The row [C] that makes P(<cc>) the likeliest forecast of help, with weight decay."""
    row = torch.zeros(s.hidden.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([row], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        logits = s.hidden @ row - s.others
        value = F.binary_cross_entropy_with_logits(logits, s.helped) + decay * (row**2).sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return row.detach()


def cross_validated_auc(s: States, *, decay: float) -> float:
    """AUC on folds that were not fitted; labels come package by package, so folds do too."""
    scores = torch.zeros(len(s.helped))
    for fold in torch.arange(len(s.helped)).chunk(FOLDS):
        rest = torch.ones(len(s.helped), dtype=torch.bool)
        rest[fold] = False
        row = fit(States(s.hidden[rest], s.others[rest], s.helped[rest]), decay=decay)
        scores[fold] = torch.sigmoid(s.hidden[fold] @ row - s.others[fold])
    return auc(scores.numpy(), s.helped.bool().numpy())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--init", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--decay", type=float, nargs="+", default=[0.001, 0.003, 0.01])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cc = load(args.tokenizer).special.cc or 0
    model = checkpoints.load(args.init)
    found = states(model.eval(), packed.read(args.data), cc)
    aucs = {decay: cross_validated_auc(found, decay=decay) for decay in args.decay}
    decay = max(aucs, key=lambda d: (np.nan_to_num(aucs[d]), d))
    with torch.no_grad():
        model.embedding.weight[cc] = fit(found, decay=decay)
    checkpoints.save(args.out, model)
    said = ", ".join(f"{d}: {value:.3f}" for d, value in aucs.items())
    print(f"{len(found.helped)} labels; AUC across packages by decay {said}; took {decay}")


if __name__ == "__main__":
    main()
