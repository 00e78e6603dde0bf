"""`sidelong eval --test-command`: function bodies judged by the project's own tests."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sidelong.cli.eval import testing
from sidelong.cli.source import project_files
from sidelong.evaluation import passing

if TYPE_CHECKING:
    from tests.cli.conftest import Digest, Git, Run

    from sidelong.evaluation.passing import Test, Verdict
    from sidelong.evaluation.run import Trial

COMMAND = f'"{sys.executable}" -m unittest -q check'
CHECK = """\
import pathlib
import unittest

import drawing
import shapes

pathlib.Path("made-by-tests").write_text("x")


class Check(unittest.TestCase):
    def test_growing(self):
        [circle] = drawing.grow([shapes.Circle(1, 2)], 3)
        self.assertEqual((circle.center, circle.radius), (1, 6))
"""


@pytest.fixture
def tested(repository: Path, git: Git) -> Path:
    """The workspace with tests that notice four of its functions; they write a file."""
    (repository / "check.py").write_text(CHECK, encoding="utf-8")
    git(repository, "add", "check.py")
    return repository


def test_bodies_are_judged_and_the_workspace_stays_as_it_is(
    sidelong: Run, tested: Path, digest: Digest
) -> None:
    before = digest(tested)
    result = sidelong(
        "eval", tested, "-n", 12, "--kinds", "line,body", "--test-command", COMMAND, "--json"
    )

    assert result.status == 0
    assert digest(tested) == before
    tests, trials = result.json["tests"], result.json["trials"]
    judged = {trial["target"]: trial["tests"] for trial in trials if "tests" in trial}
    noticed = {target for target, verdict in judged.items() if verdict["noticed"]}
    assert {trial["kind"] for trial in trials if "tests" in trial} == {"body"}
    assert tests["wanted"] == len(judged) == tests["judged"] + tests["unnoticed"]
    assert "return Circle(self.center, self.radius * factor)" in noticed
    assert "return distance(self.center, point) <= self.radius" in set(judged) - noticed
    assert all(set(judged[t]["passed"]) == set(trials[0]["modes"]) for t in noticed)
    assert [row["n"] for row in tests["rows"]] == [len(noticed)] * 4


def test_people_see_pass_rates_and_are_told_what_runs(
    sidelong: Run, tested: Path, tmp_path: Path
) -> None:
    page = tmp_path / "out.html"
    result = sidelong(
        "eval", tested, "-n", 2, "--kinds", "body", "--test-command", COMMAND, "--report", page
    )

    assert result.status == 0
    assert "will run code that the model writes" in result.err
    assert "tests pass" in result.out
    assert "own tests" in page.read_text(encoding="utf-8")


def test_tests_that_fail_anyway_are_known_before_the_wait(sidelong: Run, tested: Path) -> None:
    (tested / "check.py").write_text("import missing_module\n", encoding="utf-8")
    result = sidelong("eval", tested, "--test-command", COMMAND, "--model", "not-even-loaded.gguf")

    assert (result.status, result.out) == (1, "")
    assert "No module named 'missing_module'" in result.err
    assert "fails in an untouched copy" in result.err


def test_tests_that_take_too_long_are_named_so(sidelong: Run, tested: Path) -> None:
    sleep = f'"{sys.executable}" -c "import time; time.sleep(60)"'
    result = sidelong("eval", tested, "--test-command", sleep, "--test-timeout", 1)

    assert result.status == 1
    assert "--test-timeout gives it longer" in result.err


def test_without_bodies_there_is_nothing_to_test(sidelong: Run, tested: Path) -> None:
    result = sidelong("eval", tested, "--kinds", "line", "--test-command", COMMAND)

    assert result.status == 1
    assert "let --kinds name body" in result.err


def test_ctrl_c_while_testing_leaves_a_partial_report(
    sidelong: Run, tested: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = 0

    def judge(trial: Trial, test: Test) -> Verdict:
        nonlocal done
        done += 1
        if done > 1:
            raise KeyboardInterrupt
        return original(trial, test)

    original = passing.judge
    monkeypatch.setattr(passing, "judge", judge)
    result = sidelong("eval", tested, "-n", 3, "--kinds", "body", "--test-command", COMMAND)

    assert result.status == 130
    assert "PARTIAL: interrupted after testing 1 of 3 function bodies." in result.out


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_who_is_ended_ends_the_tests_and_leaves_no_copy(
    sidelong: Run, tested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    # Not at once: a process can be ended only once it is known to have been started.
    end_us = f"sleep 1; kill -TERM {os.getpid()}; sleep 60"
    assert sidelong("eval", tested, "--test-command", end_us).status == 143
    assert not list(tmp_path.glob("sidelong-tests-*"))


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As `nohup` starts us."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with testing._ended_by_signals():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert callable(signal.getsignal(signal.SIGTERM))
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_copy_needs_what_git_does_not_ignore(tested: Path) -> None:
    (tested / ".gitignore").write_text("*.log\n", encoding="utf-8")
    (tested / "run.log").touch()

    assert project_files(tested) == [
        ".gitignore", "check.py", "drawing.py", "pyproject.toml", "scratch.py", "shapes.py",
    ]  # fmt: skip


def test_without_git_a_copy_needs_what_no_tool_has_made(workspace: Path) -> None:
    for made in (".venv", "__pycache__", "data"):
        (workspace / made).mkdir()
        (workspace / made / "file").touch()

    assert project_files(workspace) == ["drawing.py", "pyproject.toml", "shapes.py", "data/file"]


def test_a_timeout_without_a_command_is_refused(sidelong: Run, workspace: Path) -> None:
    result = sidelong("eval", workspace, "--test-timeout", 5)

    assert result.status != 0
    assert "--test-timeout says how --test-command goes. Give --test-command too" in result.err
