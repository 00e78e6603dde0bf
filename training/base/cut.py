"""Stage 4 of the base, the cut: the neurons of each feed-forward layer that do the most stay.

A neuron's worth is the root mean square of its activation times the norm of its output column.
Those that stay learn by least squares to stand in for those that go (from the activations' Gram
matrix): LOG.md has what this saves. Attention, norms and embedding stay as they are, but for the
rows of the decision's tokens, which begin where neither is likely.

    python -m training.base.cut --teacher WORK/teacher.gguf --documents WORK/documents.npz \\
        --out WORK/cut.gguf
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor, nn

from training import modelfile
from training.base import documents
from training.base.device import chosen, on_device, precision
from training.base.model import Qwen2, load, tensors
from training.base.readers import Teacher
from training.base.rows import CC, EOF, FIM_MIDDLE, PADDING, Rows, batches, endless
from training.modelfile import ModelFile, count, file_type

RIDGE = 0.01
"""Of the mean of the Gram matrix's diagonal, so that rare neurons are not fitted to noise."""

PER_LAYER = ("feed.gate.weight", "feed.up.weight", "feed.down.weight")


@torch.no_grad()
def grams(model: Qwen2, data: Sequence[Rows[Tensor]]) -> list[Tensor]:
    """For each layer the sums of products of its neurons' activations, on the teacher's rows."""
    hidden, device = model.shape.hidden, data[0].ids.device
    found = [torch.zeros(hidden, hidden, device=device) for _ in model.blocks]
    reader = Teacher(model, *data[0].ids.shape)
    for rows in data:
        live = rows.teacher_documents != PADDING
        hooks = [
            model.get_submodule(f"blocks.{i}.feed.down").register_forward_pre_hook(
                partial(_add, gram, live)
            )
            for i, gram in enumerate(found)
        ]
        reader.read(rows)
        for hook in hooks:
            hook.remove()
    return found


def _add(gram: Tensor, live: Tensor, _down: nn.Module, read: tuple[Tensor]) -> None:
    activations = read[0][live]
    gram += (activations.t() @ activations).float()


def worthiest(gram: Tensor, down: Tensor, keep: int) -> Tensor:
    """The neurons that stay, in their order; `gram` [F, F] and the output matrix [C, F]."""
    worth: Tensor = gram.diagonal().clamp_min(0).sqrt() * down.norm(dim=0)
    return worth.topk(keep).indices.sort()[0]


def refitted(gram: Tensor, down: Tensor, kept: Tensor) -> Tensor:
    """The output columns [C, keep] with which the kept neurons come nearest to all of them."""
    among = gram[kept][:, kept]
    ridge = RIDGE * among.diagonal().mean() * torch.eye(len(kept), device=gram.device)
    fitted: Tensor = torch.linalg.solve(among + ridge, (down @ gram[:, kept]).t()).t()
    return fitted


@torch.no_grad()
def cut(weights: dict[str, Tensor], found: Sequence[Tensor], keep: int) -> dict[str, Tensor]:
    """The weights of the narrower model."""
    made = dict(weights)
    for i, gram in enumerate(found):
        gate, up, down = (f"blocks.{i}.{name}" for name in PER_LAYER)
        kept = worthiest(gram, weights[down], keep)
        made[gate], made[up] = weights[gate][kept], weights[up][kept]
        made[down] = refitted(gram, weights[down], kept)
    made["embedding.weight"] = undecided(weights["embedding.weight"])
    return made


def undecided(embedding: Tensor) -> Tensor:
    """The embedding in which neither `<eof>` nor `<cc>` is likely anywhere yet."""
    made = embedding.clone()
    mean = made[CC + 1 :].mean(0)
    made[EOF], made[CC] = mean, (mean + made[FIM_MIDDLE]) / 2
    return made


def narrower(teacher: ModelFile, weights: dict[str, Tensor], keep: int) -> ModelFile:
    """The file of the cut model: half precision, since what follows trains it anyway."""
    sizes = {f"{teacher.architecture}.feed_forward_length": count(keep), **file_type("f16")}
    return teacher.saying(sizes).holding(tensors(weights, "f16", "f16"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--keep", type=int, default=1536, help="neurons a layer")
    parser.add_argument("--batches", type=int, default=3, help="to see the activations on")
    parser.add_argument("--rows", type=int, default=4, help="in a batch")
    parser.add_argument("--row-tokens", type=int, default=16384)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", type=chosen, default=chosen())
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    file, data = modelfile.read(args.teacher), documents.read(args.documents)
    model = load(file, args.device)
    weights = dict(model.state_dict())
    order = endless(len(data), seed=args.seed)
    made = batches(data, order, n_rows=args.rows, length=args.row_tokens)
    put = partial(on_device, device=args.device)
    seen = [rows.each(put) for rows, _ in islice(made, args.batches)]
    if args.device.type == "cuda":
        model.compile_each("attention")  # the rest tells its activations
    found = grams(model.to(precision(args.device)), seen)
    n_seen = sum(int((rows.teacher_documents != PADDING).sum()) for rows in seen)
    cut_weights = cut(weights, found, args.keep)
    modelfile.write(args.out, narrower(file, cut_weights, args.keep))
    n = sum(w.numel() for w in cut_weights.values())
    print(f"{args.out}: {n / 1e6:.1f} M parameters, fitted on {n_seen} tokens")


if __name__ == "__main__":
    main()
