"""Code that lies in the opened folder, or in the project's `PYTHONPATH`, never runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., Any]

NAMES = ["json", "logging", "numpy", "sidelong", "types"]
"""Modules that are imported on the way to the server, which a project may well have too."""

COMMANDS = [
    pytest.param([sys.executable, "-m", "sidelong", "serve"], id="python -m sidelong"),
    pytest.param("real", id="sidelong"),
]


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that takes down what is imported from it, in `ran`, and is in `PYTHONPATH`."""
    project = tmp_path / "project"
    project.mkdir()
    for name in NAMES:
        note = f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\n"
        (project / f"{name}.py").write_text(note)
    monkeypatch.setenv("PYTHONPATH", str(project))
    monkeypatch.chdir(project)
    return project


@pytest.mark.parametrize("server", COMMANDS)
def test_nothing_of_the_project_is_imported(
    start: Start, trap: Path, tmp_path: Path, server: str | list[str]
) -> None:
    nvim = start(server=server, folder=trap)
    assert nvim.lua("return vim.fn.getcwd()") == str(trap)
    nvim.edit("a.py", "x$0")
    nvim.until_ready()
    nvim.command("Sidelong doctor")
    nvim.until(lambda: nvim.lua("return vim.bo.filetype") == "sidelong-doctor", "no doctor")
    assert any("self-test" in line for line in nvim.lines)
    nvim.command("close")
    nvim.command("checkhealth sidelong")
    assert any("self-test" in line for line in nvim.lines)
    assert not (tmp_path / "ran").exists()


def test_the_server_may_be_given_variables_of_its_own(start: Start, trap: Path) -> None:
    nvim = start(server="scripted", folder=trap, config={"cmd_env": {"SIDELONG_CONFIG": "/none"}})
    nvim.edit("a.py", "x$0")
    nvim.until_ready()
    env = nvim.lua("return vim.lsp.get_clients()[1].config.cmd_env")
    assert env["SIDELONG_CONFIG"] == "/none"
    assert env["PYTHONPATH"] == ""
