"""The neurons that stay are worth most, and make up for the others as well as they can."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor
from training import modelfile
from training.base.cut import cut, grams, narrower, refitted, worthiest
from training.base.device import on_device
from training.base.documents import Documents
from training.base.model import Qwen2, load
from training.base.readers import Student, Teacher
from training.base.rows import CC, EOF, Rows, batches
from training.edition import BASE
from training.modelfile import EMBEDDING

from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.prompt import Budget

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def made(data: Documents) -> Rows[Tensor]:
    rows, _ = next(batches(data, iter(range(len(data))), n_rows=4, length=2048))
    return rows.each(partial(on_device, device=CPU))


def teacher(taught: Path) -> Qwen2:
    return load(modelfile.read(taught), CPU)


def test_a_neuron_that_is_never_active_goes_first_and_a_loud_one_last() -> None:
    torch.manual_seed(0)
    activations = torch.randn(500, 6) * torch.tensor([1.0, 0.0, 5.0, 1.0, 0.1, 1.0])
    down = torch.ones(3, 6)
    down[:, 3] = 20
    gram = activations.t() @ activations
    assert worthiest(gram, down, 2).tolist() == [2, 3]
    assert worthiest(gram, down, 5).tolist() == [0, 2, 3, 4, 5]


def test_those_that_stay_stand_in_for_those_that_go() -> None:
    torch.manual_seed(0)
    activations = torch.randn(500, 6)
    activations[:, 5] = activations[:, 0] - 2 * activations[:, 1]
    down = torch.randn(3, 6)
    gram, kept = activations.t() @ activations, torch.arange(5)
    wanted = activations @ down.t()

    def off(columns: Tensor) -> float:
        return float((activations[:, kept] @ columns.t() - wanted).norm() / wanted.norm())

    assert off(down[:, kept]) > 0.3
    assert off(refitted(gram, down, kept)) < 0.03


def test_the_activations_are_those_of_the_teachers_own_tokens(
    taught: Path, made: Rows[Tensor]
) -> None:
    model = teacher(taught)
    found = grams(model, [made])
    with torch.no_grad():
        reader = Teacher(model, *made.ids.shape)
        seen: list[Tensor] = []
        hook = model.get_submodule("blocks.1.feed.down").register_forward_pre_hook(
            lambda _module, read: seen.append(read[0])
        )
        reader.read(made)
        hook.remove()
    live = seen[0][made.teacher_documents >= 0]
    torch.testing.assert_close(found[1], live.t() @ live, rtol=1e-3, atol=1e-2)


def loss(model: Qwen2, made: Rows[Tensor], wanted: Tensor) -> float:
    """The mean square of its states' distance from the whole model's."""
    with torch.no_grad():
        return float((Student(model, *made.ids.shape).read(made) - wanted).square().mean())


def test_refitting_and_choosing_come_nearer_to_the_whole_model(
    taught: Path, made: Rows[Tensor], tmp_path: Path
) -> None:
    file, model = modelfile.read(taught), teacher(taught)
    weights, found = dict(model.state_dict()), grams(model, [made])
    wanted = Student(model, *made.ids.shape).read(made).detach()
    off = {}
    for name, given in {
        "chosen": found,
        "not fitted": [torch.diag(gram.diagonal()) for gram in found],
        "any": [torch.eye(192) for _ in found],
    }.items():
        made_file = narrower(file, cut(weights, given, 128), 128)
        off[name] = loss(load(made_file, CPU), made, wanted)
    assert off["chosen"] < 0.9 * off["not fitted"]
    assert off["not fitted"] < off["any"]


def test_the_cut_model_runs_and_neither_decision_is_likely(
    taught: Path, made: Rows[Tensor], tmp_path: Path
) -> None:
    file, model = modelfile.read(taught), teacher(taught)
    cut_file = narrower(file, cut(dict(model.state_dict()), grams(model, [made]), 64), 64)
    modelfile.write(tmp_path / "cut.gguf", cut_file)
    loaded = LlamaModel(tmp_path / "cut.gguf", threads=1)
    assert loaded.budget == Budget(BASE.prefix, BASE.suffix, BASE.context, BASE.generated)
    assert loaded.special.decides
    assert loaded.n_params < LlamaModel(taught, threads=1).n_params
    embedding = cut_file.tensors[EMBEDDING].floats()
    norms = (embedding**2).sum(axis=1)
    assert norms[EOF] < 0.2 * norms[7:].mean()
    assert norms[CC] < 0.5 * norms[7:].mean()
    loaded.close()
