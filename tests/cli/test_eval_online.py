"""`sidelong eval --online`: what it reports, and what an interruption leaves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sidelong.evaluation import serving

if TYPE_CHECKING:
    from tests.cli.conftest import Digest, Run

    from sidelong.evaluation.online import Typed

QUICK = ("--online", "--keys", 2, "--interval", 0)


def test_every_way_in_every_setting(sidelong: Run, workspace: Path, digest: Digest) -> None:
    before = digest(workspace)
    result = sidelong("eval", workspace, "-n", 2, *QUICK, "--context", 100, "--json")

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
    assert read["one cache", "always"] > read["one cache", "never"] + 10
    assert read["from scratch", "selective"] > read["from scratch", "always"]
    assert report["replay"] == []


def test_people_see_the_settings_and_what_they_mean(sidelong: Run, workspace: Path) -> None:
    result = sidelong("eval", workspace, "-n", 1, "--online", "--keys", 1, "--interval", 1)

    assert result.status == 0
    assert "from scratch" in result.out
    assert "speed-up" in result.out
    assert "Typing a key every 1 ms, selective" in result.out


def test_a_policy_decides_for_the_paths_too(
    sidelong: Run, workspace: Path, default_model: Path, tmp_path: Path
) -> None:
    undecided = tmp_path / "undecided.gguf"
    undecided.write_bytes(default_model.read_bytes().replace(b"<cc>", b"<xx>"))
    result = sidelong("eval", workspace, "-n", 1, *QUICK, "--model", undecided, "--json")

    assert result.status == 0
    assert (result.json["model"], result.json["decider"]) == ("undecided.gguf", "default.gguf")


def test_ctrl_c_leaves_a_partial_report(
    sidelong: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, original = 0, serving.Serving._type

    def interrupted(self: serving.Serving, *arguments: object) -> Typed:
        nonlocal done
        done += 1
        if done > 1:
            raise KeyboardInterrupt
        return original(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(serving.Serving, "_type", interrupted)
    result = sidelong("eval", workspace, "-n", 3, *QUICK)

    assert result.status == 130
    assert "PARTIAL: interrupted after 1 of 3 blanks." in result.out


def test_the_report_shows_every_keystroke(sidelong: Run, workspace: Path, tmp_path: Path) -> None:
    page = tmp_path / "out.html"
    result = sidelong("eval", workspace, "-n", 1, *QUICK, "--report", page)

    assert result.status == 0
    assert f"Report: {page}" in result.out
    html = page.read_text(encoding="utf-8")
    speedups = re.findall(r"<td>[+-][0-9.]+ [(][+-][0-9.]+ to [+-][0-9.]+[)]</td>", html)
    assert len(speedups) == 3, "with signs, since each may be a loss"
    assert "key by key" in html
    assert html.count('class="dot selective"') == 3 * 2


def test_what_it_cannot_go_with_is_named(sidelong: Run, workspace: Path) -> None:
    result = sidelong("eval", workspace, "--online", "--test-command", "true")

    assert result.status == 1
    assert "Leave out --tasks and --test-command." in result.err


@pytest.mark.parametrize(
    ("option", "of"),
    [("--keys", "--online"), ("--interval", "--online"), ("--test-timeout", "--test-command")],
)
def test_an_option_that_would_be_ignored_is_refused(
    sidelong: Run, workspace: Path, option: str, of: str
) -> None:
    result = sidelong("eval", workspace, option, 5)
    assert result.status != 0
    assert f"{option} says how {of} goes. Give {of} too" in result.err
