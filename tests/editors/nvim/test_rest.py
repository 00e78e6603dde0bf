"""A cursor that rests is told to the server, once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]
Script = Callable[..., str]
Sent = Callable[[str], list[Any]]

METHOD = "sidelong/didMoveCursor"
LONG_S = 1.0
"""Several times as long as a cursor has to rest."""


@pytest.fixture
def rested(sent: Sent) -> Callable[[], list[tuple[int, int]]]:
    """The places that were told so far, when the cursor has rested."""

    def places() -> list[tuple[int, int]]:
        time.sleep(LONG_S)
        positions = [params["position"] for params in sent(METHOD)]
        return [(position["line"], position["character"]) for position in positions]

    return places


def test_each_rest_is_told_once(start: Start, rested: Callable[[], list[tuple[int, int]]]) -> None:
    nvim = start(server="recorded")
    nvim.edit("a.py", "first\nsecond$0\nthird\n\nfifth")
    nvim.until_ready()
    opened = rested()
    assert opened == [(1, 6)]
    nvim.type("0")
    nvim.type("j")
    nvim.type("j")
    assert rested() == [*opened, (3, 0)]
    nvim.lua("vim.api.nvim_exec_autocmds('FocusGained', {})")
    nvim.type("jk")
    assert rested() == [*opened, (3, 0)]
    nvim.type("x")
    nvim.edit("b.py", "other$0")
    assert rested() == [*opened, (3, 0), (0, 5)]


def test_in_insert_mode_the_requests_tell_enough(
    start: Start, script: Script, rested: Callable[[], list[tuple[int, int]]]
) -> None:
    nvim = start(server="recorded")
    nvim.edit("a.py", script("foobar") + "x =$0")
    nvim.until_ready()
    before = rested()
    nvim.insert(" ")
    nvim.until_ghost("foobar")
    nvim.type("foo")
    nvim.type("<Left>")
    assert rested() == before
    nvim.type("<Esc>")
    assert len(rested()) == len(before) + 1


def test_a_cursor_behind_emoji_is_told_in_the_agreed_encoding(
    start: Start, rested: Callable[[], list[tuple[int, int]]]
) -> None:
    capabilities = {"general": {"positionEncodings": ["utf-16"]}}
    nvim = start(server="recorded", config={"capabilities": capabilities})
    nvim.edit("a.py", "s = '😀🎉'; x$0")
    nvim.until_ready()
    assert rested() == [(0, 13)]


def test_a_buffer_that_is_switched_off_is_not_told(
    start: Start, rested: Callable[[], list[tuple[int, int]]]
) -> None:
    nvim = start(server="recorded")
    nvim.command("autocmd BufRead * let b:sidelong = v:false")
    nvim.edit("a.py", "x$0")
    nvim.until_ready()
    nvim.type("0")
    assert rested() == []
