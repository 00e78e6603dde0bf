"""Nothing that lies in the opened project is imported, whatever it is called."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sidelong.isolation import command, environment, own_folders, python

NAMES = ("json", "numpy", "logging", "types", "re", "sidelong", "llama_cpp", "sitecustomize")
COMMANDS = (
    ("serve",),
    ("complete", "app.py:2:12", "--json"),
    ("index", "."),
    ("eval", ".", "-n", "2"),
    ("calibrate", ".", "-n", "2"),
    ("compare", "default", "default", ".", "-n", "2"),
    ("model", "list"),
    ("model", "add", "coder.gguf"),
    ("doctor",),
)
SCRIPT = "import sys; from sidelong.__main__ import main; sys.exit(main())"
"""The script that installing makes of our entry point."""


@pytest.fixture
def project(tmp_path: Path, default_model: Path) -> Path:
    """A project whose modules leave a note when somebody runs them."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "app.py").write_text("def area(width, height):\n    return width * height\n" * 20)
    (root / "coder.gguf").write_bytes(default_model.read_bytes())
    note = tmp_path / "notes"
    for name in NAMES:
        trap = f"open({str(note)!r}, 'a').write({name + ' '!r})\nraise SystemExit('trapped')\n"
        (root / f"{name}.py").write_text(trap)
    return root


def notes(project: Path) -> str:
    """The names of the project's modules that were run."""
    file = project.parent / "notes"
    return file.read_text() if file.exists() else ""


def ran(words: Sequence[str], project: Path, path: Sequence[str]) -> str:
    """The output of a command that starts in the project, with these folders in PYTHONPATH."""
    done = subprocess.run(
        words,
        cwd=project,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(arguments[:2]))
def test_an_isolated_start_runs_nothing_of_the_project(
    project: Path, arguments: Sequence[str]
) -> None:
    said = ran(command(*arguments), project, [str(project)])
    assert notes(project) == ""
    assert "Traceback" not in said


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(arguments[:2]))
def test_the_installed_command_runs_nothing_of_the_project(
    project: Path, arguments: Sequence[str], tmp_path: Path
) -> None:
    # Python itself reads PYTHONPATH before our first line; that is for SECURITY.md.
    for name in ("sitecustomize", "sidelong", "llama_cpp"):
        (project / f"{name}.py").unlink()
    script = tmp_path / "sidelong-script.py"
    script.write_text(SCRIPT)
    path = [*own_folders(), str(project)]
    said = ran([sys.executable, str(script), *arguments], project, path)
    assert notes(project) == ""
    assert "Traceback" not in said


def test_a_child_finds_our_packages_and_has_no_settings_of_the_projects_python(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(project))
    monkeypatch.setenv("PYTHONSTARTUP", str(project / "json.py"))
    program = "import os, sidelong, sidelong_index; print([n for n in os.environ if 'PYTHON' in n])"
    done = subprocess.run(
        python(program), cwd=project, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    assert notes(project) == ""
