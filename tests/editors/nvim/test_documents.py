"""Documents that have no name, or get another: each is one of its own to the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]
Script = Callable[..., str]
Sent = Callable[[str], list[Any]]


def unnamed(nvim: Any, text: str) -> int:
    """A new buffer without a name, of Python, with the cursor at its end; its number."""
    nvim.command(f"cd {nvim.folder} | set hidden | enew | setfiletype python")
    nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, ...)", text.split("\n"))
    nvim.command("normal! G$")
    return int(nvim.lua("return vim.api.nvim_get_current_buf()"))


def test_each_buffer_without_a_name_has_its_own_text(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    first = unnamed(nvim, script("one") + "x =")
    nvim.type("A ")
    nvim.until_ghost("one")
    nvim.type("<Esc>")
    unnamed(nvim, script("two") + "y =")
    nvim.type("A ")
    nvim.until_ghost("two")
    nvim.type("<Esc>")
    nvim.command(f"buffer {first}")
    nvim.type("A ")
    nvim.until_ghost("one")
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "x =  one")
    assert "It was accepted." in nvim.explain()


def test_a_renamed_buffer_goes_on_before_it_is_written(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("old.py", script("{path}") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("old.py")
    nvim.type("<Esc>")
    nvim.command(f"file {nvim.folder / 'new.py'}")
    nvim.type("A ")
    nvim.until_ghost("new.py")
    assert not (nvim.folder / "new.py").exists()


@pytest.mark.parametrize("naming", ["file", "write", "saveas"])
def test_a_buffer_that_gets_a_name_leaves_no_document_behind(
    start: Start, script: Script, sent: Sent, naming: str
) -> None:
    nvim = start(server="recorded")
    unnamed(nvim, script("{path}") + "x =")
    nvim.type("A ")
    nvim.until_ghost()
    nvim.type("<Esc>")
    nvim.command(f"{naming} {nvim.folder / 'named.py'}")
    nvim.type("A ")
    nvim.until_ghost("named.py")
    opened = [params["textDocument"]["uri"] for params in sent("textDocument/didOpen")]
    closed = [params["textDocument"]["uri"] for params in sent("textDocument/didClose")]
    assert opened == [*closed, (nvim.folder / "named.py").as_uri()]
    assert closed[0].startswith("untitled:")
