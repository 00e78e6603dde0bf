"""The figures of a model on documents: nats a token by kind, and the AUC of its decision."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F

from sidelong.evaluation.decision import auc
from training.base import objective
from training.base.device import on_device
from training.base.documents import Documents
from training.base.losses import Losses
from training.base.readers import Student
from training.base.rows import CC, Kind, batches

SAID = {
    Kind.TEXT: "text",
    Kind.TARGET: "target",
    Kind.TARGET_WITH_CONTEXT: "with chunks",
    Kind.CONTEXT: "chunks",
}


@torch.no_grad()
def validate(student: Student, losses: Losses, data: Documents, n_rows: int, length: int) -> str:
    """A line of figures over all of `data`; a decision is right as in training."""
    vocabulary = student.model.embedding.weight
    sums = dict.fromkeys(SAID, 0.0)
    counts = dict.fromkeys(SAID, 0)
    probabilities, helps = [], []
    for made, _ in batches(data, iter(range(len(data))), n_rows=n_rows, length=length):
        rows = made.each(partial(on_device, device=vocabulary.device))
        states, kinds = student.read(rows), rows.kinds.flatten()
        entropies = losses.each(states, vocabulary, rows.next_ids.flatten())
        for kind in SAID:
            sums[kind] += float(entropies[kinds == kind].sum())
            counts[kind] += int((kinds == kind).sum())
        gained = objective.gains(losses, states, vocabulary, rows)
        logits = F.linear(states[kinds == Kind.DECISION], vocabulary).float()
        probabilities.append(logits.softmax(-1)[:, CC].cpu())
        helps.append((gained > objective.CLEARLY).cpu())
    p, helped = torch.cat(probabilities).numpy(), torch.cat(helps).numpy()
    said = [f"{name} {sums[kind] / max(1, counts[kind]):.3f}" for kind, name in SAID.items()]
    if len(p):
        said.append(f"P(<cc>) {p.mean():.2f}, right {helped.mean():.2f}, AUC {auc(p, helped):.3f}")
    return ", ".join(said)
