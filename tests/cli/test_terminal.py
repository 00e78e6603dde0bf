"""Results come whole: on narrow terminals, and to readers that go."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sidelong.cli import PIPE_CLOSED
from sidelong.cli.terminal import Figures, Terminal

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.mark.parametrize("command", [["eval", "-n", "2"], ["calibrate", "-n", "6"], ["index"]])
def test_nothing_is_cut_off_on_a_narrow_terminal(
    sidelong: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    result = sidelong(*command, workspace)

    assert result.status == 0
    assert "…" not in result.out


def test_a_path_that_finds_no_room_goes_on_in_the_next_line(
    sidelong: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    monkeypatch.setenv("SIDELONG_CONFIG", str(file))
    monkeypatch.setenv("COLUMNS", "50")

    shown = sidelong("doctor").out
    assert str(file) in "".join(line.strip() for line in shown.splitlines())


def test_figures_are_as_wide_on_every_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = Figures()
    for name in ("a setting", "with many", "columns"):
        table.add_column(name, no_wrap=True)
    table.add_row("1,234.5 ms", "100 %", "0.0595")

    shown = []
    for columns in ("10", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        Terminal().print(table)
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert "1,234.5 ms  100 %      0.0595" in shown[0]


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe that nobody reads is another error")
def test_a_reader_that_goes_is_no_failure() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "sidelong", "model", "list"],
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(write)

    assert (ended.returncode, ended.stderr) == (PIPE_CLOSED, b"")
