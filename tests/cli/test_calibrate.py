"""`sidelong calibrate`: asks before it writes, to the user's own file and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sidelong import paths
from sidelong.acceptance import Cell, Tally, moved
from sidelong.cli import calibrate as command
from sidelong.cli.calibrate.calibration import Calibration, Corrected
from sidelong.cli.calibrate.proposal import Proposal
from sidelong.engine.correction import Correction, to_json
from sidelong.engine.gate import Decision
from sidelong.engine.model.llama import LlamaModel
from sidelong.errors import SettingsError
from sidelong.evaluation.metrics import Interval
from sidelong.evaluation.summary import Point
from sidelong.learnt import add_counts, load_correction, load_counts, save_correction

if TYPE_CHECKING:
    from tests.cli.conftest import Run

N = 6


@pytest.fixture
def config() -> Path:
    return Path(os.environ["SIDELONG_CONFIG"])


@pytest.fixture
def better(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was completed, 0.125 is better: which it is is `test_calibration`'s concern."""

    def found(
        trials: Sequence[Any], *, current: float, budget_ms: float | None, asked: Sequence[float],
        in_use: Sequence[float],
    ) -> Calibration:  # fmt: skip
        assert len(asked) == len(in_use) == len(trials)
        now = Point(current, 0.0, 0.1, 0.3, 0.5, 10.0)
        best = Point(0.125, 0.5, 0.2, 0.4, 0.7, 20.0)
        return Calibration(now, best, Interval(0.1, 0.05, 0.15), budget_ms)

    monkeypatch.setattr(command, "calibrate", found)


@pytest.fixture
def corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was completed, a correction is surely better: that is `test_calibration`'s, too."""

    def found(
        trials: Sequence[Any], *, asked: Sequence[float], hidden: Any, models: str, current: float,
        budget_ms: float | None, in_use: Sequence[float],
    ) -> Corrected:  # fmt: skip
        assert hidden.shape[0] == len(asked) == len(in_use) == len(trials)
        scale = np.array([0.0]), np.array([0.875])
        return Corrected(
            Correction(models, 0.0, 0.0, np.zeros(hidden.shape[1]), *scale),
            chosen=Point(0.75, 0.5, 0.2, 0.4, 0.7, 20.0),
            gain=Interval(0.02, 0.01, 0.03),
            over_current=Interval(0.03, 0.01, 0.05),
            auc=0.75,
            auc_probability=0.6,
        )

    monkeypatch.setattr(command, "correct", found)


def answer(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a terminal at which somebody types this."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: said)


def test_json_has_the_documented_names(sidelong: Run, workspace: Path, config: Path) -> None:
    report = sidelong("calibrate", workspace, "-n", N, "--json").json

    assert set(report) == {
        "root", "model", "seed", "wanted", "blanks", "partial", "current", "chosen", "gain",
        "budget_ms", "worthwhile", "certain", "correction", "acceptance", "config", "written",
    }  # fmt: skip
    assert set(report["chosen"]) == {
        "threshold", "retrieved", "exact", "edit_similarity", "accuracy", "ms",
    }  # fmt: skip
    assert report["correction"] is None, "six blanks are too few"
    assert report["written"] is False
    assert not config.exists()


@pytest.mark.usefixtures("better", "corrected")
def test_a_correction_that_is_surely_better_is_kept_with_its_threshold(
    sidelong: Run, workspace: Path
) -> None:
    files = {path: path.read_bytes() for path in workspace.iterdir()}
    report = sidelong("calibrate", workspace, "-n", N, "--write", "--json").json
    assert report["written"]
    assert set(report["correction"]) == {
        "chosen", "gain", "over_current", "auc", "auc_probability", "worthwhile",
    }  # fmt: skip

    gate = sidelong("complete", f"{workspace / 'drawing.py'}:18:11", "--json").json["gate"]
    assert (gate["threshold"], gate["corrected"], gate["retrieved"]) == (0.75, 0.875, True)
    assert {path: path.read_bytes() for path in workspace.iterdir()} == files


@pytest.mark.usefixtures("corrected")
def test_where_retrieval_never_helps_there_is_no_auc_to_tell(
    sidelong: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: Any = vars(command)["correct"]
    nan = float("nan")
    monkeypatch.setattr(
        command, "correct",
        lambda *given, **named: replace(fitted(*given, **named), auc=nan, auc_probability=nan),
    )  # fmt: skip
    report = sidelong("calibrate", workspace, "-n", N, "--json").json
    assert (report["correction"]["auc"], report["correction"]["auc_probability"]) == (None, None)
    assert "with AUC –, P(<cc>) with –." in sidelong("calibrate", workspace, "-n", N).out


@pytest.mark.usefixtures("better", "corrected")
def test_a_correction_that_is_not_wanted_is_not_kept(
    sidelong: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer("no", monkeypatch)
    sidelong("calibrate", workspace, "-n", N)
    assert load_correction(workspace) is None


@pytest.mark.usefixtures("corrected")
def test_where_the_correction_cannot_be_kept_nothing_is_written(
    sidelong: Run, workspace: Path, config: Path
) -> None:
    paths.cache_dir().mkdir(parents=True, exist_ok=True)
    paths.learnt_dir().write_text("a file where the folder should be", encoding="utf-8")
    result = sidelong("calibrate", workspace, "-n", N, "--write")
    assert result.status == 1
    assert "so nothing was" in result.err
    assert not config.exists()


@pytest.mark.usefixtures("corrected")
def test_forgetting_deletes_the_correction_and_completes_nothing(
    sidelong: Run, workspace: Path
) -> None:
    sidelong("calibrate", workspace, "-n", N, "--write")
    assert load_correction(workspace) is not None
    result = sidelong("calibrate", workspace, "--forget", "--model", "no-such-model.gguf")
    assert result.status == 0
    assert "Deleted" in result.out
    assert load_correction(workspace) is None
    assert "Nothing was learnt" in sidelong("calibrate", workspace, "--forget").out


@pytest.mark.usefixtures("better")
def test_a_new_threshold_without_a_correction_ends_the_old_correction(
    sidelong: Run, workspace: Path
) -> None:
    old = Correction("any", 0.0, 0.0, np.zeros(1), np.array([0.0]), np.array([0.5]))
    save_correction(workspace, old)
    sidelong("calibrate", workspace, "-n", N, "--write")
    assert load_correction(workspace) is None


def saying(probability: float, models: str, n_embd: int = 1) -> Correction:
    """A correction that says the same of every blank whose state is of this size."""
    scale = np.array([0.0]), np.array([probability])
    return Correction(models, 0.0, 0.0, np.zeros(n_embd), *scale)


@pytest.mark.parametrize(("own", "retrieved"), [(True, 1.0), (False, 0.0)])
def test_what_is_in_use_is_the_kept_correction_of_these_models(
    sidelong: Run, workspace: Path, config: Path, llama: LlamaModel, own: bool, retrieved: float
) -> None:
    config.write_text("retrieval.threshold = 0.9999\n", encoding="utf-8")
    save_correction(workspace, saying(1.0, llama.fingerprint if own else "others", llama._n_embd))
    report = sidelong("calibrate", workspace, "-n", N, "--json").json
    assert report["current"]["retrieved"] == retrieved


@pytest.mark.parametrize("old", [saying(0.5, "any"), None])
@pytest.mark.parametrize("new", [saying(0.25, "any"), None])
def test_where_the_threshold_cannot_be_written_the_correction_stays_as_it_was(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, old: Correction | None, new: Correction | None
) -> None:
    monkeypatch.setenv("SIDELONG_CONFIG", str(workspace / "config.toml"))
    if old is not None:
        save_correction(workspace, old)
    with pytest.raises(SettingsError):
        Proposal(0.5, new).keep(workspace)
    kept = load_correction(workspace)
    assert (kept and to_json(kept)) == (old and to_json(old))


@pytest.mark.usefixtures("corrected")
def test_people_see_what_the_correction_gains(sidelong: Run, workspace: Path) -> None:
    out = sidelong("calibrate", workspace, "-n", N, "--write").out
    assert "gains +2.0 (+1.0 to +3.0) over P(<cc>) alone" in out
    assert "best corrected" in out


def test_a_policy_is_calibrated_too(sidelong: Run, workspace: Path, default_model: Path) -> None:
    policy = ("--policy", default_model)
    own = sidelong("calibrate", workspace, "-n", N, "--json").json
    asked = sidelong("calibrate", workspace, "-n", N, "--json", *policy).json
    assert asked["current"]["retrieved"] == own["current"]["retrieved"]


@pytest.mark.usefixtures("better")
def test_what_is_written_is_used(sidelong: Run, workspace: Path) -> None:
    files = {path: path.read_bytes() for path in workspace.iterdir()}
    assert sidelong("calibrate", workspace, "-n", N, "--write").status == 0

    place = f"{workspace / 'drawing.py'}:18:11"
    assert sidelong("complete", place, "--json").json["gate"]["threshold"] == 0.125
    assert {path: path.read_bytes() for path in workspace.iterdir()} == files


@pytest.mark.usefixtures("better")
@pytest.mark.parametrize(("said", "written"), [("y", True), ("", False), ("no", False)])
def test_the_user_is_asked(
    sidelong: Run, workspace: Path, config: Path, said: str, written: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    answer(said, monkeypatch)
    assert sidelong("calibrate", workspace, "-n", N).status == 0
    assert config.exists() is written


@pytest.mark.usefixtures("better")
def test_nobody_to_ask_means_no(
    sidelong: Run, workspace: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    result = sidelong("calibrate", workspace, "-n", N)

    assert "run it again with --write" in result.out
    assert not config.exists()


@pytest.mark.usefixtures("better")
def test_people_see_both_thresholds_and_the_gain(sidelong: Run, workspace: Path) -> None:
    out = sidelong("calibrate", workspace, "-n", N, "--write").out

    assert "in use" in out
    assert "0.125" in out
    assert "+10.0 (+5.0 to +15.0)" in out
    assert "Written to" in out


def test_a_threshold_without_gain_is_not_written(
    sidelong: Run, workspace: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = Point(0.5, 0.0, 0.1, 0.3, 0.5, 10.0)
    same = Calibration(point, point, Interval(0.0, 0.0, 0.0), None)
    monkeypatch.setattr(command, "calibrate", lambda *_args, **_options: same)
    result = sidelong("calibrate", workspace, "-n", N, "--write")

    assert "the threshold in use stays." in result.out
    assert not config.exists()


@pytest.mark.usefixtures("better")
def test_settings_that_use_no_threshold_are_pointed_out(
    sidelong: Run, workspace: Path, config: Path
) -> None:
    config.write_text('retrieval.mode = "never"\n', encoding="utf-8")
    assert "do not use a threshold" in sidelong("calibrate", workspace, "-n", N, "--write").err


def test_too_few_blanks_are_refused(sidelong: Run, workspace: Path) -> None:
    result = sidelong("calibrate", workspace, "-n", 2)

    assert result.status == 1
    assert "too few to choose by" in result.err


def count(workspace: Path, models: str, *, above: Tally, below: Tally, threshold: float) -> None:
    """Suggestions that were shown just above and just below a threshold, and were taken."""
    high, low = (
        Cell.of(Decision(p, threshold, "threshold", retrieved), 0.3)
        for p, retrieved in ((moved(threshold, 0.4), True), (moved(threshold, -0.4), False))
    )
    assert add_counts(workspace, {models: {high: above, low: below}})


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The blanks speak for the threshold in use, 0.5."""
    point = Point(0.5, 0.0, 0.1, 0.3, 0.5, 10.0)
    same = Calibration(point, point, Interval(0.0, 0.0, 0.0), None)
    monkeypatch.setattr(command, "calibrate", lambda *_args, **_options: same)


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    ("above", "below", "threshold"),
    [
        (Tally(90, 60), Tally(90, 30), 0.3775),
        (Tally(90, 30), Tally(90, 60), 0.6225),
        (Tally(90, 32), Tally(90, 30), 0.5),
    ],
)
def test_what_was_taken_moves_the_threshold_where_blanks_leave_it(
    sidelong: Run, workspace: Path, config: Path, llama: LlamaModel, above: Tally, below: Tally,
    threshold: float,
) -> None:  # fmt: skip
    config.write_text("retrieval.threshold = 0.5\n", encoding="utf-8")
    count(workspace, llama.fingerprint, above=above, below=below, threshold=0.5)
    report = sidelong("calibrate", workspace, "-n", N, "--write", "--json").json
    assert (report["acceptance"]["shown"], report["written"]) == (180, threshold != 0.5)
    gate = sidelong("complete", f"{workspace / 'drawing.py'}:18:11", "--json").json["gate"]
    assert gate["threshold"] == threshold


@pytest.mark.usefixtures("settled")
def test_people_see_what_they_took(sidelong: Run, workspace: Path, llama: LlamaModel) -> None:
    count(workspace, llama.fingerprint, above=Tally(0, 0), below=Tally(1200, 300), threshold=0.5)
    out = sidelong("calibrate", workspace, "-n", N).out
    assert "Of 1,200 suggestions counted here you took 25 %." in out


@pytest.mark.usefixtures("settled")
def test_what_was_taken_from_another_model_says_nothing(
    sidelong: Run, workspace: Path, config: Path
) -> None:
    count(workspace, "another", above=Tally(90, 60), below=Tally(90, 30), threshold=0.5)
    assert "counted here" not in sidelong("calibrate", workspace, "-n", N, "--write").out
    assert not config.exists()


@pytest.mark.usefixtures("better")
def test_blanks_come_before_what_was_taken(
    sidelong: Run, workspace: Path, config: Path, llama: LlamaModel
) -> None:
    config.write_text("retrieval.threshold = 0.5\n", encoding="utf-8")
    count(workspace, llama.fingerprint, above=Tally(90, 30), below=Tally(90, 60), threshold=0.5)
    sidelong("calibrate", workspace, "-n", N, "--write")
    gate = sidelong("complete", f"{workspace / 'drawing.py'}:18:11", "--json").json["gate"]
    assert gate["threshold"] == 0.125


def test_forgetting_deletes_the_counts_too(sidelong: Run, workspace: Path) -> None:
    count(workspace, "any", above=Tally(9, 6), below=Tally(9, 3), threshold=0.5)
    sidelong("calibrate", workspace, "--forget")
    assert load_counts(workspace) == {}
