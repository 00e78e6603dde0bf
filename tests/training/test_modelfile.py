"""A model's file is read and written without loss, and says what its card is given."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from training import card, modelfile
from training.modelfile import EMBEDDING, ModelFile

from sidelong.engine.mixture import DEFAULT
from sidelong.engine.model.llama import LlamaModel

SHIPPED = Path(__file__).parents[2] / "server" / "sidelong" / "data" / "nano.gguf"


def written(monkeypatch: pytest.MonkeyPatch, out: Path, *options: str | Path) -> ModelFile:
    """The shipped model with another card."""
    argv = ["card", str(SHIPPED), *map(str, options), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", argv)
    card.main()
    return modelfile.read(out)


def test_a_file_that_is_written_again_says_and_holds_the_same(tmp_path: Path) -> None:
    before = modelfile.read(SHIPPED)
    modelfile.write(tmp_path / "again.gguf", before)
    after = modelfile.read(tmp_path / "again.gguf")
    assert after.fields == before.fields
    assert list(after.tensors) == list(before.tensors)
    for name, tensor in before.tensors.items():
        assert after.tensors[name].type == tensor.type
        assert np.array_equal(after.tensors[name].data, tensor.data)


def test_one_row_is_changed_and_packed_as_the_others() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, (9, 64)).astype(np.float32)
    for kind in ("f32", "q8_0", "q5_0", "q4_0"):
        tensor = modelfile.pack(values, kind)
        changed = tensor.with_row(4, values[2])
        assert changed.type == tensor.type
        assert np.array_equal(changed.floats()[4], tensor.floats()[2])
        rest = np.arange(9) != 4
        assert np.array_equal(changed.data[rest], tensor.data[rest])


def test_vectors_stay_whole() -> None:
    assert modelfile.pack(np.ones(64), "q4_0").type.name == "F32"


def test_the_card_says_edition_threshold_and_mixture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mixture.json").write_text(json.dumps({"mixture": DEFAULT.text()}))
    (tmp_path / "report.json").write_text(json.dumps({"threshold": 0.125}))
    written(
        monkeypatch,
        tmp_path / "m.gguf",
        "--edition",
        "trial",
        "--author",
        "somebody",
        "--mixture",
        tmp_path / "mixture.json",
        "--report",
        tmp_path / "report.json",
    )
    model = LlamaModel(tmp_path / "m.gguf", threads=1)
    assert model.metadata("sidelong.edition") == "trial"
    assert model.metadata("general.author") == "somebody"
    assert model.threshold == 0.125
    assert model.mixture == DEFAULT
    model.close()


def test_a_model_may_write_without_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(monkeypatch, tmp_path / "m.gguf", "--no-cache")
    model = LlamaModel(tmp_path / "m.gguf", threads=1)
    assert model.mixture is None
    model.close()


def test_a_mixture_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mixture.json").write_text(json.dumps({"mixture": "1,2"}))
    with pytest.raises(SystemExit, match="is no mixture"):
        written(monkeypatch, tmp_path / "m.gguf", "--mixture", tmp_path / "mixture.json")
    assert not (tmp_path / "m.gguf").exists()


def test_a_coarser_embedding_makes_the_file_smaller_and_little_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = modelfile.read(SHIPPED)
    after = written(monkeypatch, tmp_path / "m.gguf", "--embedding", "q4_0")
    assert (tmp_path / "m.gguf").stat().st_size < SHIPPED.stat().st_size
    off = after.tensors[EMBEDDING].floats() - before.tensors[EMBEDDING].floats()
    assert np.abs(off).max() < 0.1 * np.abs(before.tensors[EMBEDDING].floats()).max()
    for name, tensor in before.tensors.items():
        assert name == EMBEDDING or np.array_equal(after.tensors[name].data, tensor.data)
    LlamaModel(tmp_path / "m.gguf", threads=1).close()
