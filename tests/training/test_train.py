"""The loss of a training step, and a run that goes on where it stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from training import batches, packed
from training.batches import Weights
from training.model import Model, shape
from training.packed import Example
from training.train import Objective, Run, congruent_losses, optimisers

IDS = torch.tensor([[3, 50, 1, 51, 5, 2, 60, 61]])
NEXT = torch.tensor([[50, 1, 51, 5, 2, 60, 61, 0]])
EXAMPLE = Example([3, 50, 1, 51, 5, 2, 60, 61, 0], eof=4, middle=5)
SECOND_STAGE = Weights(0, 1, 1)


def model(seed: int) -> Model:
    torch.manual_seed(seed)
    made = Model(shape("tiny", 128))
    for parameter in made.parameters():
        if parameter.ndim == 2:
            torch.nn.init.normal_(parameter, std=0.1)
    return made


def test_an_old_model_teaches_only_where_it_was_right() -> None:
    old, new = model(0), model(1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        said = old(IDS).argmax(-1)
    wanted = torch.where(torch.arange(8) % 2 == 0, said, (said + 1) % 128)
    _, taught = congruent_losses(new, old, IDS, wanted)
    assert (taught[0::2] > 0).all()
    assert (taught[1::2] == 0).all()


def test_a_model_that_agrees_with_the_old_one_is_taught_nothing() -> None:
    _, taught = congruent_losses(model(0), model(0), IDS, NEXT)
    assert taught.abs().max() < 1e-4


def taught_by(old: Model) -> Example:
    """An example whose target is what the old model would write."""
    tokens = list(EXAMPLE.tokens[: EXAMPLE.middle + 1])
    for _ in range(3):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            tokens.append(int(old(torch.tensor([tokens]))[0, -1].argmax()))
    return Example(tokens, EXAMPLE.eof, EXAMPLE.middle)


def test_the_congruent_term_is_added_with_its_weight_and_to_targets_alone() -> None:
    old = model(0)
    data = packed.pack([taught_by(old)])
    made = batches.batch(data, np.array([0]), SECOND_STAGE, batch_tokens=256)

    def objective(old: Model | None, weight: float) -> float:
        return float(Objective(SECOND_STAGE, old, weight)(model(1), made).detach())

    alone = objective(None, 0.0)
    assert objective(old, 0.0) == pytest.approx(alone, rel=1e-4)
    taught = congruent_losses(model(1), old, made.ids, made.next_ids)[1]
    targets = taught[EXAMPLE.middle : EXAMPLE.middle + 3].mean().item()
    assert targets > 0.1
    assert objective(old, 3.0) - alone == pytest.approx(3.0 * targets, rel=0.01)


def run(out: Path) -> Run:
    made = model(0)
    return Run(made, optimisers(made, matrix_rate=0.02, other_rate=0.01), out)


def test_a_run_goes_on_from_its_checkpoint_and_from_one_without_optimisers(tmp_path: Path) -> None:
    first = run(tmp_path / "m.pt")
    first.step(first.model(IDS).square().mean(), 1.0)
    first.progress = replace(first.progress, step=1)
    first.save()
    kept = torch.load(tmp_path / "m.pt", weights_only=True)
    del kept["optimisers"]
    torch.save(kept, tmp_path / "bare.pt")
    for name in ("m.pt", "bare.pt"):
        again = run(tmp_path / name)
        again.resume()
        assert again.progress.step == 1
        torch.testing.assert_close(again.model.state_dict(), first.model.state_dict())
