"""Emacs: Eglot and lsp-mode start the server by the documented snippet and complete with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PACKAGES = Path("/usr/share/emacs/site-lisp/elpa")
LSP_MODE = os.environ.get("LSP_MODE")

pytestmark = pytest.mark.skipif(
    shutil.which("emacs") is None,
    reason="Emacs is not installed: run tests/editors/others/install.sh",
)


def emacs(run: Any, script: str, *folders: Path) -> str:
    """What Emacs says while it runs a script of this folder, with packages and no user's code."""
    paths = [*folders, *sorted(PACKAGES.glob("*"))]
    on_path = [word for path in paths for word in ("-L", path)]
    said: str = run.editor("emacs", "-Q", "--batch", *on_path, "-l", HERE / script)
    return said


def installed(package: str) -> None:
    if not list(PACKAGES.glob(f"{package}-[0-9]*")):
        pytest.skip(f"elpa-{package} is not installed: run tests/editors/others/install.sh")


def test_eglot_completes(run: Any, snippet: Callable[[str], None], continued: str) -> None:
    installed("eglot")
    snippet("Eglot knows no ghost text")
    said = emacs(run, "eglot.el")
    assert run.file.read_text() == continued, said
    assert "shown" in run.outcomes
    assert run.is_clean()


def test_lsp_mode_of_debian_completes_by_its_list(
    run: Any, snippet: Callable[[str], None], continued: str
) -> None:
    """Its version 8 knows no inline completion, so the user's own settings turn the list on."""
    installed("lsp-mode")
    snippet("## Emacs")
    run.configure("completion.enabled = true")
    said = emacs(run, "lsp_mode.el")
    assert run.file.read_text() == continued, said
    assert "Unknown notification" not in said
    assert run.is_clean()


@pytest.mark.skipif(LSP_MODE is None, reason="LSP_MODE names no folder with lsp-mode 10 or later")
def test_lsp_mode_shows_ghost_text(
    run: Any, snippet: Callable[[str], None], continued: str
) -> None:
    installed("lsp-mode")  # whose dependencies it needs
    snippet("## Emacs")
    said = emacs(run, "lsp_mode.el", Path(LSP_MODE or ""))
    assert "items" in said
    assert run.file.read_text() == continued, said
    assert "Unknown notification" not in said
    assert "accepted" in run.log
    assert run.is_clean()
