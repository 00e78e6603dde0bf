"""The loss of healing, the weights that ship, and a run that goes on where it stopped."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from gguf import GGMLQuantizationType, LlamaFileType, quants
from torch import Tensor
from training import modelfile
from training.base import objective
from training.base.device import on_device
from training.base.distil import healed
from training.base.documents import Documents
from training.base.healing import Plan, Run
from training.base.losses import Losses, Taught
from training.base.masters import Masters, q4_0
from training.base.model import load
from training.base.readers import Student, Teacher
from training.base.rows import CC, FIM_MIDDLE, Kind, Rows, batches
from training.modelfile import EMBEDDING

CPU = torch.device("cpu")
PLAN = Plan(rate=3e-3, decay_from=0.4, decision_from=0.25, quantised_from=0.55)


@pytest.fixture(scope="module")
def made(data: Documents) -> Rows[Tensor]:
    rows, _ = next(batches(data, iter(range(len(data))), n_rows=2, length=2048))
    return rows.each(partial(on_device, device=CPU))


def a_run(taught: Path, made: Rows[Tensor], state: Path, *, teacher: bool = True) -> Run:
    """The whole toy learns from itself."""
    file = modelfile.read(taught)
    student = Student(load(file, CPU), *made.ids.shape)
    whole = Teacher(load(file, CPU), *made.ids.shape) if teacher else None
    return Run(student, whole, PLAN, state)


def test_the_losses_in_pieces_are_those_of_all_logits_and_so_are_their_gradients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.base.losses.PIECE", 7)
    torch.manual_seed(0)
    states, taught_states = torch.randn(2, 20, 8)
    vocabulary, taught_vocabulary = torch.randn(2, 30, 8)
    next_ids, weights, taught_weights = torch.randint(30, (20,)), torch.rand(20), torch.rand(20)
    ours = [states.clone().requires_grad_(), vocabulary.clone().requires_grad_()]
    theirs = [states.clone().requires_grad_(), vocabulary.clone().requires_grad_()]
    logits = F.linear(*theirs).log_softmax(-1)
    expected = F.linear(taught_states, taught_vocabulary).softmax(-1)
    entropy = F.nll_loss(logits, next_ids, reduction="none")
    divergence = (expected * (expected.log() - logits)).sum(-1)
    for teacher in (None, Taught(taught_states, taught_vocabulary, taught_weights)):
        plain = (weights * entropy).sum()
        if teacher is not None:
            plain = plain + (taught_weights * divergence).sum()
        losses = Losses(compiled=False)
        found = losses.total(ours[0], ours[1], next_ids, weights, teacher)
        torch.testing.assert_close(found[0], plain)
        torch.testing.assert_close(found[1], entropy)
        gradients = torch.autograd.grad(found[0], ours)
        wanted = torch.autograd.grad(plain, theirs, retain_graph=True)
        torch.testing.assert_close(gradients, wanted, rtol=1e-4, atol=1e-5)


def test_the_weights_sum_to_one_and_without_a_teacher_cross_entropy_takes_its_share() -> None:
    kinds = torch.tensor([0, 1, 1, 2, 3, 4, 5])
    entropy, divergence = objective.weights(kinds, taught=True)
    alone, nothing = objective.weights(kinds, taught=False)
    assert float(entropy.sum() + divergence.sum()) == pytest.approx(1)
    torch.testing.assert_close(alone, entropy + divergence)
    assert not nothing.any()
    assert alone[3] == alone[5] == pytest.approx(3 * float(alone[1]))
    assert alone[0] == alone[6] == 0
    assert objective.decisions(kinds).tolist() == pytest.approx([0, 0, 0, 0, 0, 0, 0.15])


def test_to_retrieve_is_right_where_chunks_make_the_target_clearly_likelier(
    taught: Path, made: Rows[Tensor]
) -> None:
    model = load(modelfile.read(taught), CPU)
    losses, vocabulary = Losses(compiled=False), model.embedding.weight
    with torch.no_grad():
        states = Student(model, *made.ids.shape).read(made)
    gained = objective.gains(losses, states, vocabulary, made)
    kinds, documents = made.kinds, made.documents
    each = losses.each(states, vocabulary, made.next_ids.flatten()).view_as(kinds)
    expected = [
        float(
            each[row][(documents[row] == document) & (kinds[row] == Kind.TARGET)].sum()
            - each[row][
                (documents[row] == document) & (kinds[row] == Kind.TARGET_WITH_CONTEXT)
            ].sum()
        )
        for row, at in (kinds == Kind.DECISION).nonzero().tolist()
        for document in [int(documents[row, at])]
    ]
    assert len(expected) > 1
    assert gained.tolist() == pytest.approx(expected, abs=1e-3)
    labels = objective.decided(made, torch.tensor([1.0, *[0.6] * (len(expected) - 1)]))
    assert labels[kinds.flatten() == Kind.DECISION].tolist() == [
        CC,
        *[FIM_MIDDLE] * (len(expected) - 1),
    ]


def test_what_q4_0_can_hold_is_packed_without_loss() -> None:
    torch.manual_seed(0)
    w = torch.randn(64, 96) * torch.logspace(-6, 2, 64)[:, None]
    w[3] = 0
    nearest = q4_0(w)
    packed = modelfile.pack(nearest.numpy(), "q4_0")
    assert np.array_equal(packed.floats(), nearest.numpy())
    normal = slice(32, None)  # smaller scales are no normal numbers in half precision
    theirs = quants.quantize(w[normal].numpy(), GGMLQuantizationType.Q4_0)
    assert np.array_equal(packed.data[normal], theirs)


def test_gradients_pass_straight_through_to_the_masters(taught: Path, made: Rows[Tensor]) -> None:
    student = Student(load(modelfile.read(taught), CPU), *made.ids.shape)
    masters = Masters(student.model, torch.float32)
    masters.fill(quantised=True)
    name = "blocks.0.feed.up.weight"
    narrow = student.model.get_parameter(name)
    torch.testing.assert_close(narrow, q4_0(masters.weights[name]))
    assert not torch.equal(narrow, masters.weights[name])
    assert torch.equal(student.model.embedding.weight, masters.weights["embedding.weight"])
    student.read(made).square().mean().backward()  # type: ignore[no-untyped-call]
    expected = narrow.grad
    masters.take_gradients()
    assert expected is not None
    assert torch.equal(masters.weights[name].grad, expected)  # type: ignore[arg-type]
    assert narrow.grad is None


def test_a_step_learns_with_a_teacher_and_without(
    taught: Path, made: Rows[Tensor], tmp_path: Path
) -> None:
    for teacher in (True, False):
        run = a_run(taught, made, tmp_path / "none.pt", teacher=teacher)
        run.progress.share = 0.3
        said = [run.step(made) for _ in range(6)]
        texts = [float(line.split("text ")[1].split(",")[0]) for line in said]
        targets = [float(line.split("target ")[1].split(",")[0]) for line in said]
        decisions = [float(line.split("decision ")[1].split(",")[0]) for line in said]
        assert texts[-1] < texts[0] - 0.1
        assert targets[-1] < targets[0] - 0.5
        assert decisions[-1] < decisions[0] - 0.1


def test_the_decision_is_left_alone_until_its_time(
    taught: Path, made: Rows[Tensor], tmp_path: Path
) -> None:
    run = a_run(taught, made, tmp_path / "none.pt")
    run.progress.share = 0.2
    run.step(made)
    kinds = made.kinds.flatten()
    assert (kinds == Kind.DECISION).any()
    weights = objective.weights(kinds, taught=True)
    assert not any(w[kinds == Kind.DECISION].any() for w in weights)


def test_a_run_goes_on_from_its_state_as_if_it_had_never_stopped(
    taught: Path, made: Rows[Tensor], tmp_path: Path
) -> None:
    whole = a_run(taught, made, tmp_path / "whole.pt")
    first = a_run(taught, made, tmp_path / "state.pt")
    for run in (whole, first):
        run.step(made)
        run.progress = replace(run.progress, step=1, share=0.6, documents=7)
    first.save()
    again = a_run(taught, made, tmp_path / "state.pt")
    again.resume()
    assert (again.progress.step, again.progress.documents) == (1, 7)
    assert again.step(made) == whole.step(made)
    for name, weight in whole.masters.weights.items():
        torch.testing.assert_close(again.masters.weights[name], weight, msg=name)


def test_what_ships_is_what_was_trained_bit_for_bit(
    taught: Path, made: Rows[Tensor], tmp_path: Path
) -> None:
    run = a_run(taught, made, tmp_path / "none.pt")
    run.progress.share = 0.9
    run.step(made)
    run.fill()
    file = healed(modelfile.read(taught), run)
    modelfile.write(tmp_path / "healed.gguf", file)
    again = dict(load(modelfile.read(tmp_path / "healed.gguf"), CPU).state_dict())
    computed = dict(run.student.model.state_dict())
    embedding = "embedding.weight"
    assert all(torch.equal(again[n], computed[n]) for n in again if n != embedding)
    assert (again[embedding] - computed[embedding]).abs().max() < 0.01
    assert file.fields["general.file_type"].value == LlamaFileType.MOSTLY_Q4_0
    kinds = {t.type.name for name, t in file.tensors.items() if name != EMBEDDING}
    assert kinds == {"Q4_0", "F32"}
