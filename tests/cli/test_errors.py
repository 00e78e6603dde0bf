"""An error takes one line on stderr and an exit status: 2 for usage, 1 for the rest."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Result, Run

SIDELONG = [sys.executable, "-m", "sidelong"]


def only_line(result: Result) -> str:
    assert result.out == ""
    assert result.err.count("\n") == 1, result.err
    return result.err.removesuffix("\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "sidelong: a command is missing. See `sidelong --help`."),
        (["fly"], "sidelong: there is no command 'fly'. See `sidelong --help`."),
        (
            ["complete", "app.py:3"],
            "sidelong: argument FILE:LINE:COL: 'app.py:3' is not of the form FILE:LINE:COL, "
            "such as app.py:12:5. See `sidelong complete --help`.",
        ),
        (
            ["complete", "app.py:3:1", "--threshold", "2"],
            "sidelong: argument --threshold: '2' is no number from 0 to 1. "
            "See `sidelong complete --help`.",
        ),
        (
            ["complete", "app.py:3:1", "--threads", "0"],
            "sidelong: argument --threads: '0' is no whole number from 1. "
            "See `sidelong complete --help`.",
        ),
        (
            ["serve", "--tcp", "http"],
            "sidelong: argument --tcp: 'http' is no port from 0 to 65535. "
            "See `sidelong serve --help`.",
        ),
    ],
)
def test_a_usage_error_exits_with_2(sidelong: Run, arguments: list[str], message: str) -> None:
    result = sidelong(*arguments)
    assert result.status == 2
    assert only_line(result) == message


def test_a_missing_file_is_named(sidelong: Run, tmp_path: Path) -> None:
    result = sidelong("complete", f"{tmp_path / 'gone.py'}:1:1")
    assert result.status == 1
    assert only_line(result).startswith(f"sidelong: {tmp_path / 'gone.py'} cannot be read: ")


def test_a_place_past_the_end_says_how_long_the_file_is(sidelong: Run, workspace: Path) -> None:
    file = workspace / "shapes.py"
    result = sidelong("complete", f"{file}:99:1")
    assert result.status == 1
    assert only_line(result) == (
        f"sidelong: {file} has no line 99: it has 11 lines. Give a line from 1 to 11."
    )


def test_a_missing_model_is_named_with_the_remedy(sidelong: Run, workspace: Path) -> None:
    gone = workspace / "gone.gguf"
    result = sidelong("complete", f"{workspace / 'shapes.py'}:1:1", "--model", gone)
    assert result.status == 1
    assert only_line(result) == (
        f"sidelong: There is no model file at {gone}. Set `sidelong.model.path` to a GGUF file, "
        "or leave it empty for the default model."
    )


def test_a_file_that_is_no_model_is_refused(sidelong: Run, workspace: Path) -> None:
    file = workspace / "shapes.py"
    result = sidelong("complete", f"{file}:1:1", "--model", file)
    assert result.status == 1
    assert "is not a GGUF model" in only_line(result)


def test_indexing_a_file_or_nothing_is_refused(sidelong: Run, workspace: Path) -> None:
    for wrong in (workspace / "gone", workspace / "shapes.py"):
        result = sidelong("index", wrong)
        assert result.status == 1
        assert only_line(result) == f"sidelong: {wrong} is no folder. Give the folder to index."


def test_help_and_version_go_to_stdout(sidelong: Run) -> None:
    assert "FILE:LINE:COL" in sidelong("complete", "--help").out
    assert sidelong("--version").out.startswith("sidelong ")


def test_the_module_is_the_command() -> None:
    done = subprocess.run([*SIDELONG, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("sidelong ")


@pytest.mark.skipif(sys.platform == "win32", reason="head(1) and SIGINT are POSIX's")
class TestEndings:
    """A process that is told to stop does so without a traceback."""

    def test_a_reader_that_leaves_is_no_error(self, workspace: Path) -> None:
        place = f"{workspace / 'shapes.py'}:5:1"
        command = f"{SIDELONG[0]} -m sidelong complete {place} --json --retrieve never"
        # `true` reads nothing and is gone long before there is something to read.
        done = subprocess.run(
            ["bash", "-c", f"{command} | true; echo ${{PIPESTATUS[0]}}"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        assert done.stdout == "141\n"

    def test_ctrl_c_exits_with_130(self, tmp_path: Path) -> None:
        for i in range(3_000):
            (tmp_path / f"{i}.py").write_text(f"def f{i}(a, b):\n    return a\n" * 60)
        with subprocess.Popen(
            [*SIDELONG, "index", str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            time.sleep(1.0)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert out == ""
        assert "Traceback" not in err

    def test_ctrl_c_waits_for_no_disk_that_does_not_answer(
        self, workspace: Path, tmp_path: Path
    ) -> None:
        model = tmp_path / "stalled.gguf"
        os.mkfifo(model)
        place = f"{workspace / 'shapes.py'}:5:1"
        with subprocess.Popen(
            [*SIDELONG, "complete", place, "--model", str(model)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            end = _written_end(model, process)  # From now on it answers no read.
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
            os.close(end)
        assert process.returncode == 130
        assert out == ""
        assert "Traceback" not in err


def _written_end(fifo: Path, reader: subprocess.Popen[str]) -> int:
    """The other end of what this process reads, open once it has opened its own."""
    while reader.poll() is None:
        with contextlib.suppress(OSError):  # There is no reader yet.
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.02)
    raise AssertionError(f"the program ended with {reader.returncode} and never read {fifo}")
