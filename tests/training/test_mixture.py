"""Fitting the workspace cache's say: it reads what serving reads, and finds what is there."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
import training.mixture
from training.corpus import SourceFile
from training.mixture import Evidence, fit, join, log_likelihoods, mean, numbers, of_case, read
from training.outcomes import CorpusBlank

from sidelong.engine.mixture import DEFAULT
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.ngram import LineTokens, NgramCache
from sidelong_index import build

SHAPES = "".join(
    f"def area_{i}(width, height):\n    area = width * height\n    return area\n\n\n"
    for i in range(6)
)


def found(llama: LlamaModel, text: str) -> list[Evidence]:
    """The evidence of one blank, the text between bars, in a file beside `SHAPES`."""
    before, target, after = text.split("|")
    start, end = len(before), len(before) + len(target)
    file = SourceFile("package", "a.py", before + target + after)
    snapshot = build([("shapes.py", SHAPES)])
    case = CorpusBlank("package", "a.py", start, end, "line")
    return list(of_case(llama, LineTokens(llama.tokenize), snapshot, file, case))


BLANK = "def area(width, height):\n    area = width * hei|ght\n    return area|\n"


def test_a_blank_is_read_with_chunks_and_without(llama: LlamaModel) -> None:
    without, with_chunks = found(llama, BLANK)
    assert not without.retrieved.any()
    assert with_chunks.retrieved.all()
    assert with_chunks.places[:, 1:].sum() > without.places[:, 1:].sum()
    assert mean(with_chunks, DEFAULT) > mean(without, DEFAULT)
    assert without.is_special.tolist() == [False] * (len(without.alone) - 1) + [True]


def test_it_mixes_as_serving_does(llama: LlamaModel, monkeypatch: pytest.MonkeyPatch) -> None:
    mixed: list[float] = []

    def beside(
        cache: NgramCache, alone: Any, context: Any, owed: bytes, token: int, special: float
    ) -> Any:
        probabilities = cache.mix(alone, context, owed=owed, begun=special > 0)
        mixed.append(float(probabilities[token]))
        return row(cache, alone, context, owed, token, special)

    row = training.mixture._row
    monkeypatch.setattr(training.mixture, "_row", beside)
    evidence = join(found(llama, BLANK))
    assert llama.mixture is not None
    ours = log_likelihoods(evidence, torch.tensor(numbers(llama.mixture), dtype=torch.float64))
    np.testing.assert_allclose(ours.exp().numpy(), mixed, rtol=1e-6)


def drawn(share: float, *, n: int = 400) -> Evidence:
    """Tokens of which a `share` is what follows the only match, and a model that knows nothing."""
    k = len(DEFAULT.lengths)
    right = np.arange(n) < share * n
    one = np.zeros((n, k))
    one[:, 1] = 1
    return Evidence(
        places=one,
        followers=one,
        share=one * right[:, None],
        alone=np.full(n, 0.001),
        confidence=np.full(n, 0.5),
        special=np.zeros(n),
        is_special=np.zeros(n, dtype=np.bool_),
        retrieved=np.zeros(n, dtype=np.bool_),
    )


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_the_cache_gets_the_say_that_it_deserves(share: float) -> None:
    mixture = fit(drawn(share), decay=1e-7)
    assert mixture.shares([0, 1], [0, 1], 0.5)[1] == pytest.approx(share, abs=0.02)


def test_what_was_not_seen_stays_as_it_was() -> None:
    mixture = fit(drawn(0.7), decay=1e-5)
    assert mixture.lengths[5] == pytest.approx(DEFAULT.lengths[5])


def test_what_was_fitted_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "mixture.json"
    path.write_text(json.dumps({"mixture": DEFAULT.text()}), encoding="utf-8")
    assert read(path) == DEFAULT
    path.write_text('{"mixture": "nothing"}', encoding="utf-8")
    with pytest.raises(SystemExit, match="no mixture"):
        read(path)


def test_no_say_is_the_model_alone() -> None:
    nothing = replace(DEFAULT, lengths=(-99.0,) * len(DEFAULT.lengths))
    assert mean(drawn(0.7), nothing) == pytest.approx(math.log(0.001))
