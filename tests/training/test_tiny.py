"""The whole recipe, from named packages to a GGUF that completes, in torch and llama.cpp alike."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("tokenizers")

import torch
from training import checkpoints, mixture, modelfile, outcomes, packed, served
from training.corpus import read
from training.edition import NANO
from training.export import model_file
from training.model import Model
from training.modelfile import EMBEDDING
from training.tokenizer import Vocabulary, load

from sidelong.engine.completer import Completer
from sidelong.engine.mixture import DEFAULT
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.engine.request import Answer, Request
from sidelong.settings import Settings
from sidelong_index import build


def trained(tiny: Path) -> Model:
    return checkpoints.load(tiny / "pretrain.pt").eval()


def in_llama(tiny: Path, folder: Path) -> tuple[LlamaModel, Vocabulary]:
    """The trained model unquantised, so that only arithmetic can differ."""
    vocabulary = load(tiny / "tokenizer.json")
    path = folder / "whole.gguf"
    modelfile.write(path, model_file(trained(tiny), vocabulary, "test", NANO, kind="f32"))
    return LlamaModel(path, threads=1), vocabulary


def held_out_texts(tiny: Path) -> list[str]:
    return [file.text for file in read(tiny / "held_out.jsonl")]


def complete(gguf: Path, text: str, offset: int) -> Answer:
    completer = Completer(LlamaModel(gguf, threads=1))
    try:
        request = Request("a.py", "python", text, offset, Settings(retrieval="always"))
        helper = "def area(width, height):\n    return width * height\n"
        snapshot = build([("shapes.py", helper * 3)])
        return completer.complete(request, snapshot=snapshot, cancel=Cancel())
    finally:
        completer.close()


def test_the_gguf_completes_through_the_engine(tiny: Path) -> None:
    text = "def area(width, height):\n    return width * height\n\n\ndef perimeter(width, "
    answer = complete(tiny / "tiny.gguf", text, len(text))
    assert answer.gate.probability is not None
    assert answer.tokens.generated > 0
    assert answer.chunks


def test_the_gguf_carries_budget_threshold_and_special_tokens(tiny: Path) -> None:
    model = LlamaModel(tiny / "tiny.gguf", threads=1)
    report = json.loads((tiny / "report.json").read_text())
    assert model.budget == NANO
    assert model.threshold == pytest.approx(report["threshold"], abs=1e-6)
    assert model.special == load(tiny / "tokenizer.json").special
    model.close()


def test_the_gguf_carries_what_was_fitted_for_the_workspace_cache(tiny: Path) -> None:
    fitted = mixture.read(tiny / "mixture.json")
    assert fitted != DEFAULT
    for name in ("mixed.gguf", "decide.gguf", "tiny.gguf"):
        model = LlamaModel(tiny / name, threads=1)
        assert model.mixture == fitted, name
        model.close()
    pretrained = LlamaModel(tiny / "pretrain.gguf", threads=1)
    assert pretrained.mixture == DEFAULT
    pretrained.close()


def test_llama_cpp_tokenises_as_the_tokenizer_does(tiny: Path) -> None:
    model = LlamaModel(tiny / "tiny.gguf", threads=1)
    vocabulary = load(tiny / "tokenizer.json")
    odd = "<cc>é 中文 🎉 def  f(12345):\n\t'''x'''\r\n\n\n    return  x  <|endoftext|>\x00"
    for text in [*held_out_texts(tiny), odd]:
        assert model.tokenize(text) == vocabulary.tokenize(text)
    assert model.pieces.pieces == (*vocabulary.pieces.pieces, b""), "and one that decides"
    model.close()


def test_torch_and_llama_cpp_give_the_same_logits(tiny: Path, tmp_path: Path) -> None:
    model, _ = in_llama(tiny, tmp_path)
    tokens = packed.read(tiny / "validation.npz").example(0).tokens
    theirs = model.evaluate(tokens, rows=len(tokens), cancel=Cancel()).logits
    with torch.no_grad():
        ours = trained(tiny)(torch.tensor([tokens]))[0].numpy()
    # llama.cpp keeps the KV cache in half precision.
    assert np.abs(ours - theirs).max() < 0.02 * ours.std()
    model.close()


def test_torch_and_llama_cpp_write_the_same_tokens(tiny: Path, tmp_path: Path) -> None:
    model, _ = in_llama(tiny, tmp_path)
    example = packed.read(tiny / "validation.npz").example(1)
    ours = theirs = example.tokens[: example.middle + 1]
    for _ in range(16):
        with torch.no_grad():
            ours = [*ours, int(trained(tiny)(torch.tensor([ours]))[0, -1].argmax())]
        logits = model.evaluate(theirs, rows=1, cancel=Cancel()).logits[0]
        theirs = [*theirs, int(logits.argmax())]
    assert ours == theirs
    model.close()


def test_the_report_compares_every_way_to_decide(tiny: Path) -> None:
    report = json.loads((tiny / "report.json").read_text())
    names = [row["name"].split()[0] for row in report["rows"]]
    assert names[:4] == ["never", "always", "greedy", "threshold"]
    assert report["blanks"] == 12
    assert sum(report["shares"].values()) == pytest.approx(1.0)


def test_pre_training_learned_something(tiny: Path) -> None:
    kept = torch.load(tiny / "pretrain.pt", weights_only=True)
    assert kept["progress"]["step"] == 60
    data = packed.read(tiny / "validation.npz")
    example = data.example(0)
    tokens = torch.tensor([example.tokens])
    with torch.no_grad():
        logits = trained(tiny)(tokens)[0, :-1]
    loss = torch.nn.functional.cross_entropy(logits, tokens[0, 1:])
    assert loss < np.log(1024) - 0.5


def test_the_gguf_is_measured_through_the_real_server(tiny: Path) -> None:
    found = served.read(tiny / "served.jsonl")
    labelled = {o.case.key: o for o in outcomes.read(tiny / "held_out_outcomes.jsonl")}
    assert len(found) == 6
    same = [s.shown["never"].completed == labelled[s.case.key].without for s in found]
    assert sum(same) >= len(found) - 1, same


def test_baselines_stand_in_the_same_table(tiny: Path) -> None:
    report = json.loads((tiny / "report.json").read_text())
    names = {row["name"].partition(",")[0] for row in report["rows"]}
    assert {"model alone", "workspace cache alone"} <= names
    assert {"n-grams of the training corpus", "the line after the most similar lines"} <= names


def test_learning_to_decide_touches_nothing_but_the_decision(tiny: Path) -> None:
    before, after = (modelfile.read(tiny / f"{name}.gguf") for name in ("mixed", "decide"))
    read = len(before.tensors[EMBEDDING].data)
    assert len(after.tensors[EMBEDDING].data) == read + 1, "the row of a token that nothing reads"
    changed = {
        name: (tensor.floats() != after.tensors[name].floats()[: len(tensor.data)]).any(axis=-1)
        for name, tensor in before.tensors.items()
    }
    assert not any(rows.any() for rows in changed.values())
