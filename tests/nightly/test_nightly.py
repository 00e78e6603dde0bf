"""The nightly checks in short: each finds nothing in what is here, and something in what is not."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from tests.nightly import damage, edits, fuzz, kills, process
from tests.nightly.__main__ import main
from tests.nightly.part import Outcome, Part, run

from sidelong.engine import trial
from sidelong.errors import ModelError
from sidelong.lsp.framing import frame
from sidelong.settings import UserSettings
from sidelong_index import Index

COUNTS: dict[Part, int] = {fuzz.part: 200, edits.part: 100, damage.part: 9, kills.part: 2}


@pytest.mark.parametrize("part", COUNTS, ids=lambda part: part.__module__.rpartition(".")[2])
def test_a_short_run_finds_nothing(part: Part, tmp_path: Path) -> None:
    outcome = run("some", part, count=COUNTS[part], seed=0, folder=tmp_path)
    assert outcome.failures == []
    assert outcome.done == COUNTS[part]
    assert all(outcome.notes.values()) or part is not fuzz.part


def test_an_index_that_misses_a_change_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Index, "close", lambda *_: None)
    outcome = run("some", edits.part, count=100, seed=0, folder=tmp_path)
    assert any("these differ" in failure for failure in outcome.failures)


def test_a_request_without_its_answer_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "frame", lambda body: b"" if b"explain" in body else frame(body))
    monkeypatch.setattr(fuzz, "PATIENCE_S", 5.0)
    outcome = run("some", fuzz.part, count=100, seed=0, folder=tmp_path)
    assert any("answered 0 times" in failure for failure in outcome.failures)


FAILS_INSIDE = """
import sys
from sidelong.cli import main
from sidelong.lsp.asking import Asking
Asking._request = lambda *_: 1 / 0
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("part", [fuzz.part, kills.part], ids=["fuzz", "kills"])
def test_what_fails_inside_of_the_server_is_found(
    part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PROGRAM", ("-c", FAILS_INSIDE))
    monkeypatch.setattr(kills, "STAGES", ("completed",))
    count: dict[Part, int] = {fuzz.part: 200, kills.part: 1}
    outcome = run("some", part, count=count[part], seed=0, folder=tmp_path)
    assert any("ERROR sidelong" in failure for failure in outcome.failures)


def test_a_damaged_model_that_fails_without_its_name_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(user: UserSettings, **_: object) -> None:
        if user.model is not None and user.model.name == "damaged.gguf":
            raise ModelError("the model is damaged")

    monkeypatch.setattr(trial, "run", fails)
    outcome = run("some", damage.part, count=2, seed=0, folder=tmp_path)
    assert [failure.count("no name or no reason in") for failure in outcome.failures] == [1, 1]
    assert len(list(tmp_path.glob("failed-*.gguf"))) == 2


def test_the_summary_says_what_failed_and_the_status_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(outcome: Outcome, count: int, _: int, __: Path) -> None:
        outcome.done = count
        outcome.count("fruit", 1_200)
        outcome.failures.append("the seventh was rotten")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("tests.nightly.__main__.PARTS", {"apples": ("apples", fails, 2_000)})
    assert main(["--seed", "5"]) == 1
    said = capsys.readouterr().out
    for words in ("seed 5", "2,000", "1,200 fruit", "apples: the seventh was rotten"):
        assert words in said
    assert main(["apples=3"]) == 1
    assert "│        3 │" in capsys.readouterr().out


def test_a_run_that_is_stopped_tells_what_it_has_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(outcome: Outcome, *_: object) -> None:
        outcome.done = 1_234
        raise KeyboardInterrupt

    parts = {name: (name, stopped, 2_000) for name in ("apples", "pears")}
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("tests.nightly.__main__.PARTS", parts)
    assert main([]) == 130
    said = capsys.readouterr().out
    assert "1,234" in said
    assert "stopped before its end" in said
    assert "pears" not in said
    assert list(tmp_path.iterdir()) == []
