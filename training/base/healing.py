"""One run of healing: its step, its progress and its state on disk.

The loop around it and the documents are `distil`'s.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from training import schedule
from training.base import objective
from training.base.device import on_device, precision
from training.base.documents import Tokens
from training.base.losses import Losses
from training.base.masters import Masters, q4_0
from training.base.readers import Student, Teacher
from training.base.rows import Kind, Rows, n_tokens
from training.files import whole
from training.schedule import Budget

WARM_UP = 0.05
"""A share of the budget: about the 60 of 1,276 steps of the run in LOG.md."""

CLIP = 1.0

SAID = {
    "text": Kind.TEXT,
    "target": Kind.TARGET,
    "with chunks": Kind.TARGET_WITH_CONTEXT,
    "decision": Kind.DECISION,
}


@dataclass
class Progress(schedule.Progress):
    """The progress of healing, over all its resumptions."""

    documents: int = 0
    """Read so far, over all epochs: where the next batch begins."""


@dataclass(frozen=True)
class Plan:
    """The learning rate, and the shares of the budget from which on something changes."""

    rate: float
    decay_from: float
    decision_from: float
    quantised_from: float


class Run:
    """One run of healing: masters, optimiser, progress, and their state on disk."""

    def __init__(self, student: Student, teacher: Teacher | None, plan: Plan, state: Path) -> None:
        self.device = device = student.model.embedding.weight.device
        compiled = device.type == "cuda"
        self._compiling = compiled
        self.student, self.teacher, self.plan, self.state = student, teacher, plan, state
        self.masters = Masters(student.model, precision(device))
        self.losses = Losses(compiled=compiled)
        self.progress = Progress()
        layers = [self.masters.weights[name] for name in self.masters.layers]
        others = [w for name, w in self.masters.weights.items() if name not in self.masters.layers]
        self.optimiser = torch.optim.AdamW(
            [{"params": layers, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}],
            lr=plan.rate,
            betas=(0.9, 0.95),
            eps=1e-9,
            fused=compiled,
        )
        if teacher is not None:
            teacher.model.to(precision(device))
        if compiled:
            self.masters.narrow = torch.compile(q4_0, dynamic=False)
            for reader in (student, teacher):
                if reader is not None:
                    reader.model.compile_each("")

    def resume(self) -> None:
        """Go on from the state on disk, if there is one."""
        if not self.state.exists():
            return
        kept = torch.load(self.state, map_location=self.device, weights_only=True)
        with torch.no_grad():
            for name, master in self.masters.weights.items():
                master.copy_(kept["weights"][name])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.progress = Progress(**kept["progress"])
        print(f"resumed at step {self.progress.step}", flush=True)

    def save(self) -> None:
        """Write the state; it takes the place of the last one when it is whole."""
        kept = {
            "weights": self.masters.weights,
            "optimiser": self.optimiser.state_dict(),
            "progress": asdict(self.progress),
        }
        with whole(self.state) as aside:
            torch.save(kept, aside)

    def advance(self, rows: Rows[Tokens], n_documents: int, budget: Budget) -> str:
        """Learn from one batch of so many documents, and count it; the losses as text."""
        start = time.monotonic()
        said = self.step(rows.each(partial(on_device, device=self.device)))
        # The first step of a call compiles on CUDA: the learning rate must not pass that by.
        self.progress.seconds += 0.0 if self._compiling else time.monotonic() - start
        self._compiling = False
        self.progress.step += 1
        self.progress.tokens += n_tokens(rows)
        self.progress.documents += n_documents
        self.progress.share = budget.share(self.progress)
        return said

    def step(self, rows: Rows[Tensor]) -> str:
        """Learn from one batch; the losses as text."""
        share = self.progress.share
        self.fill()
        states, kinds = self.student.read(rows), rows.kinds.flatten()
        vocabulary = self.student.model.embedding.weight
        gained = objective.gains(self.losses, states, vocabulary, rows)
        next_ids = objective.decided(rows, gained)
        weights, taught_weights = objective.weights(kinds, taught=self.teacher is not None)
        if share >= self.plan.decision_from:
            weights = weights + objective.decisions(kinds)
        taught = None if self.teacher is None else self.teacher.teach(rows, taught_weights)
        loss, entropy, divergence = self.losses.total(states, vocabulary, next_ids, weights, taught)
        loss.backward()  # type: ignore[no-untyped-call]
        self._descend(share)
        means = {name: entropy[kinds == kind].mean() for name, kind in SAID.items()}
        means["divergence"] = divergence[kinds == Kind.TEXT].mean()
        return ", ".join(f"{name} {mean.item():.3f}" for name, mean in means.items())

    def _descend(self, share: float) -> None:
        self.masters.take_gradients()
        torch.nn.utils.clip_grad_norm_(self.masters.weights.values(), CLIP)
        factor = schedule.rate(share, decay_from=self.plan.decay_from, warm_up=WARM_UP)
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate * factor
        self.optimiser.step()

    def fill(self) -> None:
        """Let the model compute with the masters as they are now."""
        self.masters.fill(quantised=self.progress.share >= self.plan.quantised_from)
