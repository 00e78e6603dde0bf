"""Stage 4 of nano, pre-training; and deciding with all weights, an alternative to `decide`.

The stages differ only in what the loss counts: all text, or the target and the decision
after `<eof>` (Repoformer's two losses, their weight being `--decision-weight`).
The learning rate follows the elapsed share of the budget, in minutes or in steps, so that a run
on a shared machine still ends annealed. Started again, a run goes on from its last checkpoint.

    python -m training.train pretrain --data WORK/train.npz --validation WORK/dev.npz \\
        --size nano --minutes 55 --out WORK/pretrain.pt
    torchrun --nproc-per-node 2 -m training.train ...    # the same run on two devices

With `--old` the second stage also keeps to an older model of the same vocabulary where that was
right, so that what users rely on stays right (Yan et al., Positive-Congruent Training, 2021).
"""

from __future__ import annotations

import argparse
import functools
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn import Module

from training import batches, checkpoints, packed, schedule
from training.batches import PRETRAIN, Batch, Weights
from training.files import write_text
from training.model import Model, parameters, shape
from training.packed import Packed
from training.parallel import Ranks
from training.schedule import Budget, Progress, rate

CLIP = 1.0


def optimisers(
    model: Model, *, matrix_rate: float, other_rate: float, muon: bool = True
) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for the embedding and the norms; or AdamW for all."""
    adam = functools.partial(torch.optim.AdamW, betas=(0.9, 0.95), weight_decay=0.0)
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    taken = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in taken]
    if not muon:
        return [adam(matrices, lr=matrix_rate), adam(others, lr=other_rate)]
    return [
        torch.optim.Muon(matrices, lr=matrix_rate, weight_decay=0.02),
        adam(others, lr=other_rate),
    ]


def losses(model: Module, ids: Tensor, next_ids: Tensor) -> Tensor:
    """Cross-entropy at every position, flat, computed in bfloat16 but for the softmax."""
    with torch.autocast(ids.device.type, dtype=torch.bfloat16):
        logits = model(ids)
    return F.cross_entropy(logits.flatten(0, 1).float(), next_ids.flatten(), reduction="none")


def congruent_losses(
    model: Module, old: Model, ids: Tensor, next_ids: Tensor
) -> tuple[Tensor, Tensor]:
    """Cross-entropy as `losses`, and the divergence from `old` where `old` was right, else 0."""
    with torch.autocast(ids.device.type, dtype=torch.bfloat16):
        logits = model(ids)
        with torch.no_grad():
            taught = old(ids)
    said, taught = logits.flatten(0, 1).float(), taught.flatten(0, 1).float()
    wanted = next_ids.flatten()
    divergence = F.kl_div(
        said.log_softmax(-1), taught.log_softmax(-1), log_target=True, reduction="none"
    ).sum(-1)
    right = taught.argmax(-1) == wanted
    return F.cross_entropy(said, wanted, reduction="none"), divergence * right


@dataclass
class Objective:
    """The loss of a step."""

    weights: Weights
    old: Model | None = None
    congruent_weight: float = 0.0

    def __call__(self, model: Module, made: Batch) -> Tensor:
        if self.old is None:
            with torch.autocast(made.ids.device.type, dtype=torch.bfloat16):
                loss: Tensor = model(made.ids, made.next_ids, made.weights)
            return loss
        own, from_old = congruent_losses(model, self.old, made.ids, made.next_ids)
        # The old model teaches the targets, not the decision, whose labels are this model's own.
        taught = made.targets.flatten() * from_old
        return (own * made.weights.flatten()).sum() + self.congruent_weight * taught.sum()


class Run:
    """One training run: its model, optimisers, progress and checkpoint."""

    def __init__(self, model: Model, optimisers: list[torch.optim.Optimizer], out: Path) -> None:
        self.model, self.optimisers, self.out = model, optimisers, out
        self.progress = Progress()
        self._rates = [group["lr"] for o in optimisers for group in o.param_groups]

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one; without optimisers in it they are new."""
        if not self.out.exists():
            return
        kept = torch.load(self.out, map_location="cpu", weights_only=True)
        self.model.load_state_dict(kept["model"])
        for optimiser, state in zip(self.optimisers, kept.get("optimisers", ()), strict=False):
            optimiser.load_state_dict(state)
        self.progress = Progress(**kept["progress"])
        print(f"resumed at step {self.progress.step}", flush=True)

    def save(self) -> None:
        checkpoints.save(
            self.out,
            self.model,
            optimisers=[o.state_dict() for o in self.optimisers],
            progress=asdict(self.progress),
        )
        # Beside it, so that nobody needs a whole checkpoint to see the progress.
        write_text(self.out.with_suffix(".json"), json.dumps(asdict(self.progress)))

    def step(self, loss: Tensor, factor: float) -> None:
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        groups = [group for o in self.optimisers for group in o.param_groups]
        for group, full in zip(groups, self._rates, strict=True):
            group["lr"] = full * factor
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)


@torch.no_grad()
def validate(model: Model, data: Packed, *, batch_tokens: int) -> str:
    """Loss per token of the text, of the targets and of the decision, by form of the prompt."""
    retrieves = packed.retrieving(data)
    device = next(model.parameters()).device
    said = []
    for form in sorted(set(retrieves.tolist())):
        sums, n = dict.fromkeys(_PARTS, 0.0), 0
        for chosen in batches.plan(data, seed=0, epoch=0, batch_tokens=batch_tokens):
            subset = chosen[retrieves[chosen] == form]
            if not len(subset):
                continue
            made = batches.batch(data, subset, PRETRAIN, batch_tokens=batch_tokens).to(device)
            loss = losses(model, made.ids, made.next_ids).cpu()
            for part, weights in _PARTS.items():
                again = batches.batch(data, subset, weights, batch_tokens=batch_tokens)
                sums[part] += float((loss * again.weights.flatten()).sum()) * len(subset)
            n += len(subset)
        name = "with context" if form else "without"
        said += [f"{name}: " + ", ".join(f"{part} {sums[part] / n:.3f}" for part in _PARTS)]
    return "; ".join(said)


_PARTS = {"text": Weights(1, 0, 0), "target": Weights(0, 1, 0), "decision": Weights(0, 0, 1)}


def train(
    run: Run,
    data: Packed,
    validation: Packed,
    objective: Objective,
    budget: Budget,
    args: argparse.Namespace,
    ranks: Ranks,
) -> None:
    """The loop: until the budget is used up, whatever was used before included."""
    device = next(run.model.parameters()).device
    model = ranks.wrap(run.model)
    size = {"batch_tokens": args.batch_tokens}
    order = batches.endless(data, seed=args.seed, skip=run.progress.step, **size)
    smooth = 0.0
    saved = time.monotonic()
    first = run.progress.step

    def look_up(share: float) -> None:
        run.save()
        said = validate(run.model, validation, batch_tokens=min(args.batch_tokens, 8192))
        print(f"validation at {share:.0%}: {said}", flush=True)

    while (share := budget.share(run.progress)) < args.until:
        chosen = next(order)
        # To plan an epoch is no training: the rate must not pass it by.
        begun = time.monotonic()
        whole = batches.batch(data, chosen, objective.weights, **size)
        made = whole.part(ranks.rank, ranks.count).to(device)
        loss = objective(model, made)
        # The ranks' gradients are averaged, but their losses are parts of one sum.
        run.step(loss * ranks.count, rate(share, decay_from=args.decay_from))
        value = loss.item()  # waits for the device
        now = time.monotonic()
        run.progress.step += 1
        run.progress.tokens += int(data.lengths[chosen].sum())
        run.progress.seconds += ranks.agreed(now - begun)
        run.progress.share = budget.share(run.progress)
        smooth += (ranks.summed(value) - smooth) * max(0.02, 1 / (run.progress.step - first))
        if ranks.rank == 0 and run.progress.step % args.log_every == 0:
            speed = run.progress.tokens / max(run.progress.seconds, 1e-3)
            print(
                f"step {run.progress.step}, {run.progress.tokens / 1e6:.2f} M tokens, "
                f"{run.progress.seconds / 60:.1f} min, {speed:.0f} tokens/s, loss {smooth:.4f}",
                flush=True,
            )
        if ranks.rank == 0 and now - saved > 60 * args.save_minutes:
            look_up(share)
            saved = time.monotonic()
    if ranks.rank == 0 and run.progress.step > first:
        look_up(run.progress.share)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=["pretrain", "decide"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="a checkpoint whose weights to start from")
    parser.add_argument("--size", default="nano", help="tiny or nano, without --init")
    parser.add_argument("--vocabulary", type=int, default=4096)
    schedule.add_options(parser)
    parser.add_argument("--batch-tokens", type=int, default=8192)
    parser.add_argument("--matrix-rate", type=float, default=0.02)
    parser.add_argument("--other-rate", type=float, default=0.003)
    parser.add_argument(
        "--decay-from", type=float, default=0.45, help="share where annealing begins"
    )
    parser.add_argument(
        "--adamw", action="store_true", help="for all, instead of Muon for matrices"
    )
    parser.add_argument("--decision-weight", type=float, default=1.0)
    parser.add_argument("--old", type=Path, help="a checkpoint to keep to where it was right")
    parser.add_argument("--congruent-weight", type=float, default=1.0, help="how much, with --old")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--save-minutes", type=float, default=4.0)
    parser.add_argument("--log-every", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def initial(args: argparse.Namespace) -> Model:
    """A new model, or one with the weights of `--init`."""
    if args.init is not None:
        return checkpoints.load(args.init)
    torch.manual_seed(args.seed)
    return Model(shape(args.size, args.vocabulary))


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.set_float32_matmul_precision("high")
    data, validation = packed.read(args.data), packed.read(args.validation)
    with Ranks.joined(args.device) as ranks:
        device = ranks.device(args.device)
        model = initial(args).to(device)
        rates = {"matrix_rate": args.matrix_rate, "other_rate": args.other_rate}
        run = Run(model, optimisers(model, **rates, muon=not args.adamw), args.out)
        run.resume()
        weights = PRETRAIN if args.stage == "pretrain" else Weights(0, 1, args.decision_weight)
        old = checkpoints.load(args.old).to(device).requires_grad_(False) if args.old else None
        objective = Objective(weights, old, args.congruent_weight)
        if ranks.rank == 0:
            said = f"{parameters(model) / 1e6:.2f} M parameters, {len(data)} examples"
            print(f"{args.stage}: {said}, {len(data.tokens) / 1e6:.2f} M tokens", flush=True)
        train(run, data, validation, objective, schedule.of(args), args, ranks)


if __name__ == "__main__":
    main()
