"""Vim: ALE, vim-lsp and coc.nvim start the server by the documented snippets and complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
VIM_LSP = os.environ.get("VIM_LSP")
COC_NVIM = os.environ.get("COC_NVIM")

pytestmark = pytest.mark.skipif(
    shutil.which("vim") is None, reason="Vim is not installed: run tests/editors/others/install.sh"
)


def complete(run: Any, script: str) -> None:
    """Complete the last line as users do, save the file and leave; fails unless all that works."""
    vim = run.terminal("vim", "-Nu", HERE / script, "-n", run.file)
    vim.type("G$")
    tries = 0

    def is_written() -> bool:
        return "four = compute_the_total" in run.file.read_text()

    while not is_written() and tries < 40:  # until server and model are ready, nothing is offered
        tries += 1
        vim.type("a\x18\x0f")
        vim.until(is_written, within_s=2)
        vim.type("\x14\x1b:update\r")  # Ctrl-T, which these scripts map
        vim.until(is_written, within_s=1)
    assert is_written(), vim.drawn[-1500:].decode(errors="replace")
    vim.type(":qa!\r")
    assert vim.ends(within_s=30), vim.drawn[-1500:].decode(errors="replace")
    assert b"E117" not in vim.drawn


@pytest.mark.skipif(
    not Path("/usr/share/vim-ale").is_dir(),
    reason="vim-ale is not installed: run tests/editors/others/install.sh",
)
def test_ale_completes(run: Any, snippet: Callable[[str], None], continued: str) -> None:
    snippet("Vim with ALE")
    complete(run, "ale.vim")
    # It takes of any server's text what stands before the first "(".
    assert run.file.read_text() == continued.replace("(item, tax=True)\n", "\n", 4).replace(
        "total\n", "total(item, tax=True)\n", 3
    )
    assert "shown" in run.outcomes
    assert run.is_clean()


@pytest.mark.skipif(VIM_LSP is None, reason="VIM_LSP names no folder with vim-lsp")
def test_vim_lsp_completes(run: Any, snippet: Callable[[str], None], continued: str) -> None:
    snippet("Vim with vim-lsp")
    complete(run, "vim_lsp.vim")
    assert run.file.read_text() == continued
    assert "shown" in run.outcomes
    assert run.is_clean()


@pytest.mark.skipif(COC_NVIM is None, reason="COC_NVIM names no folder with a built coc.nvim")
def test_coc_nvim_shows_ghost_text(run: Any, snippet: Callable[..., None], continued: str) -> None:
    snippet("In `coc-settings.json`", "home/.vim/coc-settings.json")
    snippet("And in `vimrc`")
    vim = run.terminal("vim", "-Nu", HERE / "coc.vim", "-n", run.file)
    assert vim.until(lambda: (run.tmp / "log").exists() and "is ready" in run.log, within_s=60), (
        vim.drawn[-1500:]
    )
    vim.type("G$a")
    for _ in range(10):  # a key that comes before coc.nvim knows the server asks for nothing
        vim.drawn = b""
        vim.type("\x7fp")
        if vim.until(lambda: b"the_total(item, tax=True)" in vim.drawn, within_s=4):
            break
    vim.type("\t")
    assert vim.until(lambda: ": accepted" in run.log, within_s=30), run.outcomes
    vim.type("\x1b:update\r")
    assert vim.until(lambda: run.file.read_text() == continued, within_s=10), run.file.read_text()
    vim.type(":qa!\r")
    assert vim.ends(within_s=30), vim.drawn[-1500:].decode(errors="replace")
    assert run.is_clean()
