"""`sidelong eval`: what it reports, what it leaves alone, and what an interruption leaves."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from sidelong.cli.evaluating import collect
from sidelong.cli.source import code_files, tracked
from sidelong.settings import Settings
from sidelong_index.rules import read_text

if TYPE_CHECKING:
    from tests.cli.conftest import Digest, Git, InterruptAfter, Run

N = 4


def without_time(report: dict[str, Any]) -> dict[str, Any]:
    """The part of a report that must not change from run to run: all but clock time."""
    trials = [
        {
            **trial,
            "modes": {
                name: {key: value for key, value in mode.items() if key != "ms"}
                for name, mode in trial["modes"].items()
            },
        }
        for trial in report["trials"]
    ]
    return {"benefits": report["benefits"], "trials": trials}


def test_json_has_the_documented_names(sidelong: Run, workspace: Path) -> None:
    result = sidelong("eval", workspace, "-n", N, "--json")

    assert result.status == 0
    report = result.json
    assert set(report) == {
        "sidelong", "root", "model", "threshold", "seed", "wanted", "blanks", "partial",
        "rows", "benefits", "gating", "trials",
    }  # fmt: skip
    assert (report["blanks"], report["wanted"], report["partial"]) == (N, N, False)
    assert {row["mode"] for row in report["rows"]} == {"never", "always", "greedy", "threshold"}
    assert {trial["kind"] for trial in report["trials"]} == {"line", "lines", "call", "body"}
    assert {judged["rule"] for judged in report["gating"]["judged"]} == {"greedy", "threshold"}


def test_every_mode_pays_its_own_way(sidelong: Run, workspace: Path) -> None:
    trials = sidelong("eval", workspace, "-n", N, "--json").json["trials"]

    for trial in trials:
        tokens = {name: mode["tokens"] for name, mode in trial["modes"].items()}
        assert tokens["never"]["evaluated"] == tokens["never"]["prompt"]
        assert tokens["always"]["evaluated"] >= tokens["always"]["prompt"]


def test_the_rules_say_what_never_or_always_says(sidelong: Run, workspace: Path) -> None:
    trials = sidelong("eval", workspace, "-n", N, "--threshold", "0", "--json").json["trials"]

    for trial in trials:
        for rule in ("greedy", "threshold"):
            mode = trial["modes"][rule]
            other = "always" if mode["retrieved"] else "never"
            assert mode["text"] == trial["modes"][other]["text"]
    assert all(trial["modes"]["threshold"]["chunks"] for trial in trials)


def test_a_seed_gives_the_same_blanks_and_answers(sidelong: Run, workspace: Path) -> None:
    first, second = (sidelong("eval", workspace, "-n", N, "--json").json for _ in range(2))
    other = sidelong("eval", workspace, "-n", N, "--seed", "5", "--json").json

    assert without_time(first) == without_time(second)
    assert [t["offset"] for t in other["trials"]] != [t["offset"] for t in first["trials"]]


def test_nothing_in_the_workspace_changes(sidelong: Run, repository: Path, digest: Digest) -> None:
    before = digest(repository)
    assert sidelong("eval", repository, "-n", N).status == 0
    assert digest(repository) == before


def test_only_tracked_files_are_blanked(sidelong: Run, repository: Path) -> None:
    trials = sidelong("eval", repository, "-n", 12, "--kinds", "line", "--json").json["trials"]

    assert {trial["path"] for trial in trials} == {"drawing.py", "shapes.py"}


def test_a_folder_inside_of_a_repository_has_paths_of_its_own(repository: Path, git: Git) -> None:
    (repository / "inner").mkdir()
    (repository / "inner" / "deep.py").write_text("x = 1\n", encoding="utf-8")
    git(repository, "add", "inner")

    assert sorted(tracked(repository / "inner") or ()) == ["deep.py"]


def test_without_git_every_source_file_counts(workspace: Path) -> None:
    assert tracked(workspace) is None
    # pyproject.toml is data.
    assert [f.path for f in code_files(workspace, Settings())] == ["drawing.py", "shapes.py"]


def test_files_know_the_workspaces_name(workspace: Path) -> None:
    assert {f.project for f in code_files(workspace, Settings())} == {workspace.name}


def test_languages_that_are_off_are_left_out(workspace: Path) -> None:
    assert code_files(workspace, Settings(languages={"python": False})) == []


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_a_file_that_becomes_a_link_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside.py").write_text("outside = 1\n", encoding="utf-8")
    (tmp_path / "root").mkdir()
    file = tmp_path / "root" / "a.py"
    file.write_text("inside = 1\n", encoding="utf-8")

    def replaced_meanwhile(data: bytes, path: str) -> object:
        file.unlink()
        file.symlink_to(tmp_path / "outside.py")
        return read_text(data, path)

    monkeypatch.setattr("sidelong_index.walk.read_text", replaced_meanwhile)
    assert [f.text for f in code_files(file.parent, Settings())] == ["inside = 1\n"]


def test_people_see_modes_kinds_and_what_deciding_is_worth(sidelong: Run, workspace: Path) -> None:
    result = sidelong("eval", workspace, "-n", N)

    assert result.status == 0
    assert "edit sim." in result.out
    assert "function body" in result.out
    assert "Retrieval helps in" in result.out
    assert "P(<cc>)" in result.out
    assert "PARTIAL" not in result.out


def test_the_report_is_written_where_asked(sidelong: Run, workspace: Path, tmp_path: Path) -> None:
    report = tmp_path / "out.html"
    assert sidelong("eval", workspace, "-n", N, "--report", report).status == 0

    html = report.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "sidelong on project" in html


def test_a_report_that_cannot_be_written_is_known_before_the_wait(
    sidelong: Run, workspace: Path, tmp_path: Path
) -> None:
    result = sidelong("eval", workspace, "--report", tmp_path / "gone" / "out.html")

    assert (result.status, result.out) == (1, "")
    assert "is no folder" in result.err


@pytest.mark.skipif(sys.platform != "linux", reason="paths are text elsewhere")
def test_a_folder_whose_name_is_no_text_has_a_report(
    sidelong: Run, workspace: Path, tmp_path: Path
) -> None:
    report = tmp_path / "out.html"
    folder = workspace.rename(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))

    assert sidelong("eval", folder, "-n", 1, "--report", report).status == 0
    assert "sidelong on caf?" in report.read_text(encoding="utf-8")


def test_a_report_is_a_file(sidelong: Run, workspace: Path, tmp_path: Path) -> None:
    result = sidelong("eval", workspace, "--report", tmp_path)

    assert (result.status, result.out) == (1, "")
    assert f"{tmp_path} is a folder." in result.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_costs_the_page_and_not_the_figures(sidelong: Run, workspace: Path) -> None:
    result = sidelong("eval", workspace, "-n", 1, "--report", "/dev/full")

    assert result.status == 1
    assert "never" in result.out
    assert "/dev/full: the report could not be written to its end (No space left" in result.err


def test_a_folder_without_code_is_named(sidelong: Run, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Prose\n", encoding="utf-8")
    result = sidelong("eval", tmp_path)

    assert result.status == 1
    assert "no code to take blanks from" in result.err


def test_an_unknown_kind_is_refused(sidelong: Run, workspace: Path) -> None:
    result = sidelong("eval", workspace, "--kinds", "line,poem")

    assert result.status == 2
    assert "'poem' is none of line, lines, call, body" in result.err


def test_ctrl_c_leaves_a_partial_report_that_says_so(
    sidelong: Run, workspace: Path, tmp_path: Path, interrupt_after: InterruptAfter
) -> None:
    interrupt_after(3 * 4 + 1)
    report = tmp_path / "out.html"
    result = sidelong("eval", workspace, "-n", 6, "--report", report)

    assert result.status == 130
    assert "PARTIAL: interrupted after 3 of 6 blanks." in result.out
    assert "PARTIAL: interrupted after 3 of 6 blanks." in report.read_text(encoding="utf-8")


def test_a_partial_report_says_so_to_programs(
    sidelong: Run, workspace: Path, interrupt_after: InterruptAfter
) -> None:
    interrupt_after(4)
    result = sidelong("eval", workspace, "-n", N, "--json")

    assert result.status == 130
    assert (result.json["partial"], result.json["blanks"], result.json["wanted"]) == (True, 1, N)


def test_an_interruption_before_the_first_blank_reports_nothing() -> None:
    class Interrupted:
        def __iter__(self) -> Iterator[Any]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(Interrupted(), total=9)


def test_an_interruption_keeps_what_is_there() -> None:
    done = SimpleNamespace(case=SimpleNamespace(file=SimpleNamespace(path="a.py")))

    def interrupted() -> Iterator[Any]:
        yield done
        yield done
        raise KeyboardInterrupt

    assert collect(interrupted(), total=9) == [done, done]
