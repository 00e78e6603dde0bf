"""The base in PyTorch: the same numbers as llama.cpp's, in both branches, by both masks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from training import modelfile
from training.base import rows as layout
from training.base.attention import BLOCK, blocks, plain, rule
from training.base.device import on_device
from training.base.documents import Documents, Tokens
from training.base.model import load, tensors
from training.base.readers import Student, Teacher
from training.base.rows import Rows, batches, for_teacher, sequence

from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel

CPU = torch.device("cpu")
LENGTH = 2048


def chosen(data: Documents) -> list[int]:
    """Short documents with chunks, so that several fit a row."""
    with_chunks = [i for i in range(len(data)) if len(data[i].context)]
    return sorted(with_chunks, key=lambda i: data[i].n_tokens)[:8]


def one_batch(data: Documents) -> Rows[Tokens]:
    return next(batches(data, iter(chosen(data)), n_rows=2, length=LENGTH))[0]


def tensors_of(made: Rows[Tokens]) -> Rows[Tensor]:
    return made.each(partial(on_device, device=CPU))


def exact(path: Path, folder: Path) -> Path:
    """The same model in float32, so that only arithmetic can differ."""
    file = modelfile.read(path)
    packed = {name: modelfile.pack(t.floats(), "f32") for name, t in file.tensors.items()}
    modelfile.write(folder / "exact.gguf", file.holding(packed))
    return folder / "exact.gguf"


@pytest.mark.parametrize("branch", [layout.WITHOUT, layout.WITH])
def test_llama_cpp_gives_the_logits_of_each_branch_of_a_row(
    taught: Path, data: Documents, tmp_path: Path, branch: int
) -> None:
    path = exact(taught, tmp_path)
    model = load(modelfile.read(path), CPU)
    made = one_batch(data)
    with torch.no_grad():
        states = Student(model, *made.ids.shape).read(tensors_of(made))
        ours = (states @ model.embedding.weight.T).reshape(2, LENGTH, -1).numpy()
    theirs = LlamaModel(path, threads=1)
    other = layout.WITHOUT if branch == layout.WITH else layout.WITH
    mine = (made.documents[1] == 1) & (made.branches[1] != other)  # the second of its row
    tokens = made.ids[1][mine].tolist()
    assert len(tokens) > 100
    read = theirs.evaluate(tokens, rows=len(tokens), cancel=Cancel()).logits
    # llama.cpp keeps the KV cache in half precision.
    assert np.abs(read - ours[1][mine]).max() < 0.02 * read.std()
    theirs.close()


def test_the_teacher_reads_each_document_alone_in_its_own_order(
    taught: Path, data: Documents, tmp_path: Path
) -> None:
    path = exact(taught, tmp_path)
    model = load(modelfile.read(path), CPU)
    made = one_batch(data)
    reader = Teacher(model, *made.ids.shape)
    said = reader.teach(tensors_of(made), torch.zeros(made.ids.size))
    theirs = LlamaModel(path, threads=1)
    d = data[chosen(data)[1]]  # the second of the first row
    tokens = for_teacher(d).tolist()
    read = theirs.evaluate(tokens, rows=len(tokens), cancel=Cancel()).logits
    at = np.flatnonzero((made.documents[0] == 1) & (made.taught[0] >= 0))
    ours = (said.states[at] @ model.embedding.weight.T).numpy()
    wanted = read[sequence(d).taught[sequence(d).taught >= 0]]
    assert np.abs(wanted - ours).max() < 0.02 * read.std()
    theirs.close()


def test_a_branch_is_not_seen_by_the_other_nor_a_document_by_the_next(data: Documents) -> None:
    made = tensors_of(one_batch(data))
    sees = plain(rule(made.documents, made.branches), 2, LENGTH, device=CPU)[0, 0]
    document, branch = made.documents[0], made.branches[0]
    pairs = sees.nonzero()
    assert (document[pairs[:, 0]] == document[pairs[:, 1]]).all()
    q, k = branch[pairs[:, 0]], branch[pairs[:, 1]]
    assert ((k == layout.SHARED) | (k == q)).all()
    assert (pairs[:, 0] >= pairs[:, 1]).all()
    n = [(document == i).sum().item() for i in range(int(document.max()) + 1)]
    assert all(count > 0 for count in n)


def test_every_pair_that_is_seen_lies_in_a_block_that_is_computed(data: Documents) -> None:
    made = tensors_of(one_batch(data))
    sees = rule(made.documents, made.branches)
    pairs = plain(sees, 2, LENGTH, device=CPU) & (made.documents >= 0)[:, None, None]
    n = LENGTH // BLOCK
    needed = pairs.view(2, 1, n, BLOCK, n, BLOCK).any(dim=5).any(dim=3)
    computed = blocks(sees, made.starts).to_dense().bool()
    assert not (needed & ~computed).any()
    assert computed.sum() < 0.6 * torch.ones_like(computed).tril().sum()


def test_blocks_of_one_shape_are_compiled_once_and_flex_attention_is_the_plain_mask(
    taught: Path, data: Documents
) -> None:
    compiled = []

    def backend(graph: torch.fx.GraphModule, _inputs: list[Tensor]) -> Callable[..., object]:
        compiled.append(graph)
        return graph.forward

    made = tensors_of(one_batch(data))
    sees = rule(made.documents, made.branches)
    model = load(modelfile.read(taught), CPU).requires_grad_(False)
    wanted = model(made.ids, made.positions, plain(sees, 2, LENGTH, device=CPU))
    for block in model.blocks:
        block.compile(dynamic=False, backend=backend)
    read = model(made.ids, made.positions, blocks(sees, made.starts))
    live = made.documents >= 0
    torch.testing.assert_close(read[live], wanted[live], rtol=1e-3, atol=1e-3)
    assert len(model.blocks) == 2
    assert len(compiled) == 1


def test_a_file_gives_its_tensors_back(taught: Path) -> None:
    file = modelfile.read(taught)
    weights = dict(load(file, CPU).state_dict())
    again = tensors(weights, "f32", "f32")
    assert again.keys() == file.tensors.keys()
    for name, tensor in file.tensors.items():
        assert np.array_equal(again[name].floats(), tensor.floats()), name
