"""`sidelong complete`: the answer for programs and for people, and what decides it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sidelong.engine.correction import Correction
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.learnt import save_correction

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.fixture
def cursor(workspace: Path) -> str:
    return f"{workspace / 'drawing.py'}:18:11"


def test_json_has_the_documented_names_and_types(sidelong: Run, cursor: str) -> None:
    answer = sidelong("complete", cursor, "--json", "--retrieve", "always").json

    assert {name: type(value) for name, value in answer.items()} == {
        "text": str,
        "replace_after": int,
        "reason": str,
        "probability": float,
        "model": str,
        "policy": type(None),
        "remote": type(None),
        "gate": dict,
        "chunks": list,
        "window": dict,
        "tokens": dict,
        "ms": dict,
    }
    assert set(answer["gate"]) == {
        "probability", "threshold", "rule", "retrieved", "corrected", "kept",
    }  # fmt: skip
    assert set(answer["tokens"]) == {"prompt", "evaluated", "generated", "policy"}
    assert set(answer["window"]) == {"prefix", "suffix", "context", "reason"}
    assert {"load", "index", "look", "generate"} <= set(answer["ms"])
    assert all(
        set(chunk) == {"path", "start_line", "end_line", "score"} for chunk in answer["chunks"]
    )


def test_always_retrieves_the_other_file(sidelong: Run, cursor: str) -> None:
    answer = sidelong("complete", cursor, "--json", "--retrieve", "always").json

    assert answer["gate"]["rule"] == "always"
    assert answer["gate"]["retrieved"] is True
    assert [chunk["path"] for chunk in answer["chunks"]] == ["shapes.py"]
    assert answer["chunks"][0]["start_line"] == 1
    assert 0 < answer["chunks"][0]["score"] <= 1


def test_never_does_not_even_index(
    sidelong: Run, cursor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Path(cursor).parent.parent / "cache"
    monkeypatch.setenv("SIDELONG_CACHE_DIR", str(cache))

    answer = sidelong("complete", cursor, "--json", "--retrieve", "never").json

    assert answer["gate"]["retrieved"] is False
    assert answer["chunks"] == []
    assert not cache.exists()


def test_the_threshold_decides(sidelong: Run, cursor: str) -> None:
    low = sidelong("complete", cursor, "--json", "--threshold", "0").json
    high = sidelong("complete", cursor, "--json", "--threshold", "1").json

    assert 0 < low["gate"]["probability"] == high["gate"]["probability"] < 1
    assert (low["gate"]["threshold"], low["gate"]["retrieved"]) == (0, True)
    assert (high["gate"]["threshold"], high["gate"]["retrieved"]) == (1, False)


def certain(models: str, llama: LlamaModel) -> Correction:
    """A correction that says 0.875 whatever it is asked about."""
    size = llama.evaluate([1], rows=1, cancel=Cancel(), hidden=True).hidden
    assert size is not None
    scale = np.array([0.0]), np.array([0.875])
    return Correction(models, 0.0, 0.0, np.zeros(size.shape[1]), *scale)


def test_a_correction_of_the_folder_decides(
    sidelong: Run, cursor: str, workspace: Path, llama: LlamaModel
) -> None:
    asked = ("complete", cursor, "--json", "--threshold", "0.87")
    plain = sidelong(*asked).json["gate"]
    assert (plain["corrected"], plain["retrieved"]) == (None, False)
    save_correction(workspace, certain(llama.fingerprint, llama))
    gate = sidelong(*asked).json["gate"]
    assert (gate["corrected"], gate["retrieved"]) == (0.875, True)
    assert gate["probability"] == pytest.approx(plain["probability"], abs=0.01)
    assert "corrected 0.875 ≥ 0.870" in sidelong(*asked[:2], *asked[3:]).out


def test_a_correction_fitted_with_another_model_decides_nothing(
    sidelong: Run, cursor: str, workspace: Path, llama: LlamaModel
) -> None:
    save_correction(workspace, certain("another", llama))
    gate = sidelong("complete", cursor, "--json", "--threshold", "0.87").json["gate"]
    assert (gate["corrected"], gate["retrieved"]) == (None, False)


@pytest.mark.parametrize("asked", [("--retrieve", "never"), ("--retrieve", "always")])
def test_where_nothing_is_decided_nothing_is_corrected(
    sidelong: Run, cursor: str, workspace: Path, llama: LlamaModel, asked: tuple[str, ...]
) -> None:
    save_correction(workspace, certain(llama.fingerprint, llama))
    assert sidelong("complete", cursor, "--json", *asked).json["gate"]["corrected"] is None


def test_retrieving_evaluates_what_was_retrieved_and_nothing_twice(
    sidelong: Run, cursor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text("budget.context = 200\n", encoding="utf-8")
    monkeypatch.setenv("SIDELONG_CONFIG", str(config))

    never = sidelong("complete", cursor, "--json", "--retrieve", "never").json["tokens"]
    always = sidelong("complete", cursor, "--json", "--retrieve", "always").json["tokens"]

    assert never["evaluated"] == never["prompt"]
    # The one token more is <fim_middle>, evaluated in vain before <cc> took its place.
    assert always["evaluated"] == always["prompt"] + 1
    assert always["prompt"] > never["prompt"]


def test_people_see_the_line_and_the_facts(sidelong: Run, cursor: str) -> None:
    result = sidelong("complete", cursor, "--retrieve", "always")

    assert result.status == 0
    assert "    return" in result.out
    assert "retrieved (always)" in result.out
    assert "shapes.py:1-" in result.out
    assert "evaluated" in result.out


def test_the_users_config_file_counts_and_the_command_line_wins(
    sidelong: Run, cursor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('retrieval.mode = "always"\n', encoding="utf-8")
    monkeypatch.setenv("SIDELONG_CONFIG", str(config))

    assert sidelong("complete", cursor, "--json").json["gate"]["rule"] == "always"
    assert (
        sidelong("complete", cursor, "--json", "--retrieve", "never").json["gate"]["rule"]
        == "never"
    )


def test_a_refused_setting_is_named_and_the_answer_comes_all_the_same(
    sidelong: Run, cursor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text("maxLines = 0\nretreival.mode = 'never'\n", encoding="utf-8")
    monkeypatch.setenv("SIDELONG_CONFIG", str(config))

    result = sidelong("complete", cursor, "--json", "--retrieve", "never")

    assert result.status == 0
    assert result.json["gate"]["rule"] == "never"
    assert "sidelong.maxLines: 0 is not allowed." in result.err
    assert "sidelong.retreival.mode is not a setting." in result.err


def test_the_root_can_be_given(sidelong: Run, cursor: str, workspace: Path) -> None:
    (workspace.parent / "elsewhere.py").write_text(
        "# Elsewhere.\n" + (workspace / "shapes.py").read_text(encoding="utf-8"),
        encoding="utf-8",
    )
    answer = sidelong(
        "complete", cursor, "--json", "--retrieve", "always", "--root", workspace.parent
    ).json

    assert {chunk["path"] for chunk in answer["chunks"]} == {"project/shapes.py", "elsewhere.py"}


def test_nothing_is_written_into_the_workspace(sidelong: Run, cursor: str, workspace: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in workspace.rglob("*")}
    sidelong("complete", cursor, "--retrieve", "always")
    assert {file: file.stat().st_mtime_ns for file in workspace.rglob("*")} == before


def test_a_second_run_answers_alike_from_the_kept_index(sidelong: Run, cursor: str) -> None:
    first = sidelong("complete", cursor, "--json", "--retrieve", "always").json
    second = sidelong("complete", cursor, "--json", "--retrieve", "always").json

    assert first.pop("ms").keys() == second.pop("ms").keys()
    assert first == second
