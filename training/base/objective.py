"""The weight of each position in the loss, and the right decision at each `<eof>`.

The decision is labelled by the model itself, in the pass that trains it: `<cc>` is right where the
target is clearly likelier with chunks than without. Labels by the engine replace these later
(`training.decide`), for these come from a model that changes under them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.base.losses import Losses
from training.base.rows import CC, FIM_MIDDLE, Kind, Rows

TAUGHT = {
    Kind.TEXT: (0.3, 0.7),
    Kind.TARGET: (1.5, 1.5),
    Kind.CONTEXT: (0.3, 0.0),
    Kind.TARGET_WITH_CONTEXT: (3.0, 0.0),
}
"""The weights of cross-entropy and of divergence from the teacher, which reads no chunks."""

CLEARLY = 0.7
"""Nats by which chunks must help a target."""

DECISION = 0.15
"""The weight of all decisions of a batch, beside 1 for everything else."""


def weights(kinds: Tensor, *, taught: bool) -> tuple[Tensor, Tensor]:
    """The weights of cross-entropy and divergence at each position; they sum to 1.

    Without a teacher cross-entropy takes what would be the teacher's.
    """
    table = torch.zeros(len(Kind), 2, device=kinds.device)
    for kind, both in TAUGHT.items():
        table[kind] = torch.tensor(both if taught else (sum(both), 0.0))
    found = table[kinds.long()]
    entropy, divergence = (found / found.sum().clamp_min(1e-9)).unbind(-1)
    return entropy, divergence


def decisions(kinds: Tensor) -> Tensor:
    """The weight of cross-entropy at each decision, 0 elsewhere [N]."""
    chosen: Tensor = (kinds == Kind.DECISION).float()
    each: Tensor = DECISION / chosen.sum().clamp_min(1)
    return chosen * each


def gains(losses: Losses, states: Tensor, vocabulary: Tensor, rows: Rows[Tensor]) -> Tensor:
    """The nats that the chunks save on the target, at each decision [decisions]."""
    n_rows, length = rows.kinds.shape
    # Documents of a row are counted from 0, and there are fewer than positions.
    row = torch.arange(n_rows, device=states.device)[:, None] * length
    documents, kinds = (rows.documents + row).flatten(), rows.kinds.flatten()
    sums = torch.zeros(2, n_rows * length, device=states.device)
    for sum_, kind in zip(sums, (Kind.TARGET, Kind.TARGET_WITH_CONTEXT), strict=True):
        at = (kinds == kind).nonzero()[:, 0]
        found = losses.each(states[at].detach(), vocabulary, rows.next_ids.flatten()[at])
        sum_.index_add_(0, documents[at], found)
    saved: Tensor = sums[0] - sums[1]
    return saved[documents[kinds == Kind.DECISION]]


def decided(rows: Rows[Tensor], gained: Tensor) -> Tensor:
    """The tokens that come next [N], with the right decision at each `<eof>` that has one."""
    next_ids, kinds = rows.next_ids.flatten().clone(), rows.kinds.flatten()
    next_ids[kinds == Kind.DECISION] = torch.where(gained > CLEARLY, CC, FIM_MIDDLE)
    return next_ids
