"""`sidelong eval` and `compare` judge what the editor does where a folder has a correction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sidelong.engine.completer import Completer
from sidelong.engine.correction import Correction
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.learnt import save_correction

if TYPE_CHECKING:
    from tests.cli.conftest import Run

N = 4


@pytest.fixture
def silenced(workspace: Path, llama: LlamaModel) -> Path:
    """A workspace for which the shipped model has learnt that retrieval never helps."""
    state = llama.evaluate([llama.special.eos], rows=1, cancel=Cancel(), hidden=True).hidden
    assert state is not None
    weights = np.zeros(state.shape[1])
    nothing = np.array([-1.0, 1.0]), np.array([0.0, 0.0])
    fingerprint = Completer(llama).fingerprint
    assert save_correction(workspace, Correction(fingerprint, 0.0, 0.0, weights, *nothing))
    return workspace


def test_eval_decides_as_the_editor_would(sidelong: Run, silenced: Path) -> None:
    result = sidelong("eval", silenced, "-n", N, "--json")

    (judged,) = [j for j in result.json["gating"]["judged"] if j["rule"] == "threshold"]
    assert judged["retrieved"] == 0
    assert result.json["gating"]["corrected"]
    assert result.json["gating"]["bins"][0]["n"] == N
    for trial in result.json["trials"]:
        assert (trial["modes"]["threshold"]["corrected"], trial["modes"]["never"]["corrected"]) == (
            0, None,
        )  # fmt: skip
    assert "as corrected by the search or for this" in sidelong("eval", silenced, "-n", N).out


def test_a_correction_does_not_hold_for_another_model(
    sidelong: Run, silenced: Path, default_model: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(default_model.read_bytes() + b"\0")
    report = sidelong("compare", "nano", other, silenced, "-n", N, "--json").json

    old, new = (report["deciding"][role]["in_use"]["retrieved"] for role in ("old", "new"))
    assert (old, new > 0) == (0, True)
    assert report["thresholds"]["keeping"]["retrieved"] == 0
