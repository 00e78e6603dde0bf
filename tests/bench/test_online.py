"""`python -m bench.online`: its report, and the one that an interruption leaves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from bench.online import serving

from sidelong.engine.completer import Completer
from sidelong.engine.correction import Correction
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.learnt import save_correction

if TYPE_CHECKING:
    from bench.online.strokes import Typed
    from tests.cli.conftest import Digest, Run

QUICK = ("--keys", 2, "--interval", 0)


def test_every_way_in_every_setting(online: Run, workspace: Path, digest: Digest) -> None:
    before = digest(workspace)
    result = online(workspace, "-n", 2, *QUICK, "--context", 100, "--json")

    assert result.status == 0
    assert digest(workspace) == before
    report = result.json
    assert (report["blanks"], report["keys"], report["partial"]) == (2, 4, False)
    assert [(row["setting"], row["way"]) for row in report["rows"]] == [
        (setting, way)
        for setting in ("from scratch", "at once", "one cache")
        for way in ("never", "always", "selective")
    ]
    read = {(row["setting"], row["way"]): row["read"] for row in report["rows"]}
    assert read["one cache", "never"] <= 4
    assert read["one cache", "always"] <= 4  # the chunks of the line's first cursor are kept
    assert read["from scratch", "selective"] > read["from scratch", "always"]
    assert report["replay"] == []


def test_people_see_the_settings_and_what_they_mean(online: Run, workspace: Path) -> None:
    result = online(workspace, "-n", 1, "--keys", 1, "--interval", 1)

    assert result.status == 0
    assert "from scratch" in result.out
    assert "speed-up" in result.out
    assert "Typing a key every 1 ms, selective" in result.out


def test_a_policy_decides_for_the_paths_too(
    online: Run, workspace: Path, default_model: Path, tmp_path: Path
) -> None:
    undecided = tmp_path / "undecided.gguf"
    undecided.write_bytes(default_model.read_bytes().replace(b"<cc>", b"<xx>"))
    result = online(workspace, "-n", 1, *QUICK, "--model", undecided, "--json")

    assert result.status == 0
    assert (result.json["model"], result.json["decider"]) == ("undecided.gguf", "nano.gguf")


def test_ctrl_c_leaves_a_partial_report(
    online: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, original = 0, serving.Serving._type

    def interrupted(self: serving.Serving, *arguments: object) -> Typed:
        nonlocal done
        done += 1
        if done > 1:
            raise KeyboardInterrupt
        return original(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(serving.Serving, "_type", interrupted)
    result = online(workspace, "-n", 3, *QUICK)

    assert result.status == 130
    assert "PARTIAL: interrupted after 1 of 3 blanks." in result.out


def test_the_report_shows_every_keystroke(online: Run, workspace: Path, tmp_path: Path) -> None:
    page = tmp_path / "out.html"
    result = online(workspace, "-n", 1, *QUICK, "--report", page)

    assert result.status == 0
    assert f"Report: {page}" in result.out
    html = page.read_text(encoding="utf-8")
    speedups = re.findall(r"<td>[+-][0-9.]+ [(][+-][0-9.]+ to [+-][0-9.]+[)]</td>", html)
    assert len(speedups) == 3, "with signs, since each may be a loss"
    assert "key by key" in html
    assert html.count('class="dot selective"') == 3 * 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_costs_the_page_and_not_the_figures(online: Run, workspace: Path) -> None:
    result = online(workspace, "-n", 1, "--keys", 1, "--interval", 0, "--report", "/dev/full")

    assert result.status == 1
    assert "never" in result.out
    assert "/dev/full: the report could not be written to its end (No space left" in result.err


def test_keystrokes_are_decided_as_the_editor_would(
    online: Run, workspace: Path, llama: LlamaModel
) -> None:
    """In a folder for which the shipped model has learnt that retrieval never helps."""
    state = llama.evaluate([llama.special.eos], rows=1, cancel=Cancel(), hidden=True).hidden
    assert state is not None
    nothing = np.array([-1.0, 1.0]), np.array([0.0, 0.0])
    fingerprint, weights = Completer(llama).fingerprint, np.zeros(state.shape[1])
    assert save_correction(workspace, Correction(fingerprint, 0.0, 0.0, weights, *nothing))

    assert online(workspace, "-n", 1, *QUICK, "--json").json["retrieved"] == 0
