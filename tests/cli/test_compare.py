"""`sidelong compare` with real models: the shipped one, and variants of it that differ."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader
from tests.engine.families.conftest import KINDS, write

from sidelong.cli.compare import contest

if TYPE_CHECKING:
    from tests.cli.conftest import Digest, InterruptAfter, Run

N = 6
Q8_0_BLOCK = 34
"""Bytes: a scale of two and 32 quants of one."""


@pytest.fixture(scope="session")
def noisy(default_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model with noise on its weights: it decides and completes otherwise."""
    path = tmp_path_factory.mktemp("models") / "noisy.gguf"
    shutil.copy(default_model, path)
    rng = np.random.default_rng(0)
    for tensor in GGUFReader(path, "r+").tensors:
        if tensor.tensor_type == GGMLQuantizationType.Q8_0:
            quants = tensor.data.view(np.int8).reshape(-1, Q8_0_BLOCK)[:, 2:]
            noise = rng.integers(-60, 61, quants.shape)
            quants[:] = np.clip(quants.astype(np.int16) + noise, -127, 127)
    return path


@pytest.fixture(scope="session")
def undecided(default_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model without its token to decide with."""
    path = tmp_path_factory.mktemp("models") / "undecided.gguf"
    path.write_bytes(default_model.read_bytes().replace(b"<cc>", b"<xx>"))
    return path


@pytest.fixture(scope="module")
def easy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that repeats itself, so that even a very small model is often right."""
    root = tmp_path_factory.mktemp("easy")
    for i in range(3):
        loads = "".join(
            f"\n\ndef load_{i}_{j}(path):\n    return read_table(path, sep=',')\n" for j in range(9)
        )
        text = f"def read_table(path, sep):\n    return path\n{loads}"
        (root / f"tables_{i}.py").write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def model_alone() -> None:
    """A workspace of copied code, which no noise in a model can spoil."""
    config = Path(os.environ["SIDELONG_CONFIG"])
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("workspaceCache = false\n", encoding="utf-8")


def test_json_has_the_documented_names(
    sidelong: Run, easy: Path, default_model: Path, noisy: Path
) -> None:
    result = sidelong("compare", "nano", noisy, easy, "-n", N, "--json")

    assert result.status == 0
    report = result.json
    assert set(report) == {
        "sidelong", "root", "seed", "wanted", "blanks", "partial", "models",
        "rows", "flips", "deciding", "thresholds", "plug_in", "trials",
    }  # fmt: skip
    old, new = report["models"]["old"], report["models"]["new"]
    assert (old["path"], new["path"]) == (str(default_model), str(noisy))
    assert old["file_bytes"] == new["file_bytes"] == default_model.stat().st_size
    assert (old["policy"], new["policy"], report["plug_in"]) == (None, None, {"old": [], "new": []})
    assert (report["blanks"], report["partial"]) == (N, False)


@pytest.mark.usefixtures("model_alone")
def test_the_figures_are_those_of_the_blanks(sidelong: Run, easy: Path, noisy: Path) -> None:
    report = sidelong("compare", "nano", noisy, easy, "-n", 10, "--kinds", "line", "--json").json
    was = [trial["old"]["threshold"]["exact"] for trial in report["trials"]]
    now = [trial["new"]["threshold"]["exact"] for trial in report["trials"]]
    lost = sum(a and not b for a, b in zip(was, now, strict=True))

    assert lost > 0, "the noise broke nothing: this test needs more of it"
    (overall,) = [flips for flips in report["flips"] if flips["kind"] == "all"]
    assert (overall["negative"], overall["n"]) == (lost, 10)
    assert overall["negative_rate"]["mean"] == pytest.approx(lost / 10, abs=1e-6)
    assert overall["negative_of_right"] == pytest.approx(lost / sum(was), abs=1e-6)
    (served,) = [r for r in report["rows"] if (r["mode"], r["kind"]) == ("threshold", "all")]
    assert served["exact"]["old"] == pytest.approx(sum(was) / 10, abs=1e-6)
    assert served["exact"]["new"] == pytest.approx(sum(now) / 10, abs=1e-6)


def test_both_are_asked_the_same_and_as_eval_asks(
    sidelong: Run, easy: Path, default_model: Path, noisy: Path
) -> None:
    compared = sidelong("compare", noisy, default_model, easy, "-n", N, "--json").json["trials"]
    evaluated = sidelong("eval", easy, "-n", N, "--json").json["trials"]

    for pair, trial in zip(compared, evaluated, strict=True):
        assert (pair["path"], pair["offset"]) == (trial["path"], trial["offset"])
        for mode in ("never", "always", "threshold"):
            mine, theirs = pair["new"][mode], trial["modes"][mode]
            assert (mine["text"], mine["tokens"]) == (theirs["text"], theirs["tokens"])


def test_the_threshold_is_judged_by_the_rates_it_gives(
    sidelong: Run, easy: Path, noisy: Path
) -> None:
    report = sidelong("compare", "nano", noisy, easy, "-n", 12, "--json").json
    asked = {
        role: np.array([trial[role]["never"]["probability"] for trial in report["trials"]])
        for role in ("old", "new")
    }
    used, found = report["deciding"]["old"]["in_use"], report["thresholds"]

    assert not np.allclose(asked["old"], asked["new"])
    assert used["retrieved"] == pytest.approx((asked["old"] >= used["threshold"]).mean())
    assert found["at_old"]["threshold"] == used["threshold"]
    assert found["at_old"]["retrieved"] == pytest.approx(
        (asked["new"] >= used["threshold"]).mean(), abs=1e-6
    )
    kept = (asked["new"] >= found["keeping"]["threshold"]).mean()
    assert kept == pytest.approx(used["retrieved"], abs=1 / 12)


def test_a_policy_decides_for_both_and_has_a_table(
    sidelong: Run, easy: Path, default_model: Path, noisy: Path, undecided: Path
) -> None:
    report = sidelong(
        "compare", undecided, noisy, easy, "-n", N, "--policy", default_model, "--json"
    ).json

    assert {side["policy"] for side in report["models"].values()} == {"nano.gguf"}
    ways = {role: [way["decided"] for way in rows] for role, rows in report["plug_in"].items()}
    assert ways == {
        "old": ["never", "always", "policy"],
        "new": ["never", "always", "policy", "own"],
    }
    for trial in report["trials"]:
        asked = [trial[role]["threshold"]["probability"] for role in ("old", "new")]
        assert asked[0] == pytest.approx(asked[1])
    own = report["plug_in"]["new"][-1]
    alone = sidelong("compare", noisy, noisy, easy, "-n", N, "--json").json
    (served,) = [r for r in alone["rows"] if (r["mode"], r["kind"]) == ("threshold", "all")]
    assert own["edit_similarity"]["mean"] == pytest.approx(served["edit_similarity"]["old"])


def test_a_model_that_cannot_decide_gets_the_shipped_one_as_policy(
    sidelong: Run, easy: Path, undecided: Path
) -> None:
    report = sidelong("compare", "nano", undecided, easy, "-n", 4, "--json").json

    assert [side["policy"] for side in report["models"].values()] == [None, "nano.gguf"]
    assert [len(report["plug_in"][role]) for role in ("old", "new")] == [0, 3]
    assert report["thresholds"]["agreement"] == 1


@pytest.mark.parametrize("family", ["qwen", "codegemma"])
def test_models_of_other_families_and_sizes_compare(
    sidelong: Run, easy: Path, tmp_path: Path, family: str
) -> None:
    other = write(tmp_path / f"{family}.gguf", KINDS[family])
    report = sidelong("compare", "nano", other, easy, "-n", 4, "--json").json

    old, new = report["models"]["old"], report["models"]["new"]
    assert new["file_bytes"] == other.stat().st_size < old["file_bytes"]
    assert new["policy"] == "nano.gguf"
    for trial in report["trials"]:
        assert (
            trial["new"]["always"]["tokens"]["prompt"] > trial["new"]["never"]["tokens"]["prompt"]
        )


@pytest.mark.usefixtures("model_alone")
def test_people_see_what_changes_and_what_they_would_miss(
    sidelong: Run, easy: Path, noisy: Path, tmp_path: Path
) -> None:
    report = tmp_path / "out.html"
    result = sidelong(
        "compare", "nano", noisy, easy, "-n", 10, "--kinds", "line", "--report", report
    )

    assert result.status == 0
    assert "that the old model had right the new one gets wrong" in result.out
    assert "Lost: tables_" in result.out
    assert "old: exactly right" in result.out
    assert "memory taken" in result.out
    assert "PARTIAL" not in result.out
    html = report.read_text(encoding="utf-8")
    lost = html[html.index("Lost: only the old model is right") :]
    assert "<article>" in lost[: lost.index("Won:")]
    assert "old: exact" in lost


def test_the_same_file_twice_is_said_and_differs_in_nothing(sidelong: Run, easy: Path) -> None:
    result = sidelong("compare", "nano", "nano", easy, "-n", 4, "--json")

    assert result.status == 0
    assert "are the same file" in result.err
    assert all(trial["old"].keys() == trial["new"].keys() for trial in result.json["trials"])
    assert [flips["negative"] for flips in result.json["flips"]] == [0] * len(result.json["flips"])


def test_nothing_in_the_workspace_changes(
    sidelong: Run, workspace: Path, noisy: Path, digest: Digest
) -> None:
    before = digest(workspace)
    assert sidelong("compare", "nano", noisy, workspace, "-n", 4).status == 0
    assert digest(workspace) == before


def test_ctrl_c_leaves_a_partial_report_that_says_so(
    sidelong: Run, easy: Path, noisy: Path, tmp_path: Path, interrupt_after: InterruptAfter
) -> None:
    # Three completions to warm up, the shipped model too, and three a blank, for each model.
    interrupt_after(9 + 2 * 6 + 4)
    report = tmp_path / "out.html"
    result = sidelong("compare", "nano", noisy, easy, "-n", N, "--report", report)

    assert result.status == 130
    assert f"PARTIAL: interrupted after 2 of {N} blanks." in result.out
    assert f"PARTIAL: interrupted after 2 of {N} blanks." in report.read_text(encoding="utf-8")


def test_ctrl_c_before_the_first_pair_reports_nothing(
    sidelong: Run, easy: Path, noisy: Path, interrupt_after: InterruptAfter
) -> None:
    interrupt_after(9 + 4)
    result = sidelong("compare", "nano", noisy, easy, "-n", N, "--json")

    assert (result.status, result.out) == (130, "")


@pytest.fixture
def scarce(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose memory holds one model at a time."""
    monkeypatch.setattr(contest, "available_bytes", lambda: 300_000_000)


@pytest.mark.usefixtures("scarce")
def test_models_too_large_for_memory_come_one_after_the_other(
    sidelong: Run, easy: Path, noisy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one = sidelong("compare", "nano", noisy, easy, "-n", 4, "--json").json
    monkeypatch.undo()
    in_turn = sidelong("compare", "nano", noisy, easy, "-n", 4, "--json").json

    texts = [
        [trial[role]["threshold"]["text"] for trial in report["trials"] for role in ("old", "new")]
        for report in (one_by_one, in_turn)
    ]
    assert texts[0] == texts[1]


@pytest.mark.usefixtures("scarce")
def test_one_after_the_other_an_interruption_leaves_what_both_have(
    sidelong: Run, easy: Path, noisy: Path, interrupt_after: InterruptAfter
) -> None:
    # The shipped and the new model warm up; four blanks by the old one, then one by the new.
    interrupt_after(6 + (3 + 4 * 3) + (3 + 3 + 1))
    result = sidelong("compare", "nano", noisy, easy, "-n", 4, "--json")

    assert result.status == 130
    assert (result.json["blanks"], result.json["partial"]) == (1, True)


@pytest.mark.usefixtures("scarce")
def test_one_after_the_other_a_broken_new_model_is_known_before_the_wait(
    sidelong: Run, easy: Path, tmp_path: Path, interrupt_after: InterruptAfter
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF but no more")
    interrupt_after(3)  # a completion by the old model would end it
    result = sidelong("compare", "nano", broken, easy)

    assert (result.status, result.out) == (1, "")
    assert "broken.gguf" in result.err


def test_a_model_that_is_not_there_is_named(sidelong: Run, easy: Path) -> None:
    result = sidelong("compare", "nano", "gone.gguf", easy)

    assert (result.status, result.out) == (1, "")
    assert "There is no model file at gone.gguf." in result.err
    assert "`default`" in result.err


def test_a_model_that_cannot_fill_in_is_named(
    sidelong: Run, easy: Path, default_model: Path, tmp_path: Path
) -> None:
    prose = tmp_path / "prose.gguf"
    blob = default_model.read_bytes()
    for name in (b"prefix", b"suffix", b"middle"):
        blob = blob.replace(b"<fim_%s>" % name, b"<not_%s>" % name)
        blob = blob.replace(b"ggml.fim_%s" % name[:3], b"ggml.not_%s" % name[:3])
    prose.write_bytes(blob)
    result = sidelong("compare", "nano", prose, easy)

    assert (result.status, result.out) == (1, "")
    assert "prose.gguf" in result.err
    assert "fill-in-the-middle" in result.err


def test_settings_that_use_no_threshold_are_spoken_of(
    sidelong: Run, easy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('retrieval.mode = "always"\n', encoding="utf-8")
    monkeypatch.setenv("SIDELONG_CONFIG", str(config))

    assert "do not decide by a threshold" in sidelong("compare", "nano", "nano", easy, "-n", 2).err


def test_models_must_be_two(sidelong: Run, easy: Path) -> None:
    result = sidelong("compare", "nano")

    assert result.status == 2
    assert "NEW" in result.err
