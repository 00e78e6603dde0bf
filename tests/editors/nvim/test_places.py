"""Ghost text in awkward places, on the screen as it will be in the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]
Script = Callable[..., str]


def test_a_bracket_that_is_there_already_is_not_doubled(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script('"a", "b")', replace_after=1) + "print($0)")
    nvim.insert(" ")
    nvim.until_ghost('"a", "b"')
    assert nvim.screen[1] == 'print( "a", "b")'
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == 'print( "a", "b")')


def test_several_signs_that_are_there_already_stay_in_place(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script('key"].get("other"])', replace_after=3) + 'f(x["$0"])')
    nvim.insert("a")
    nvim.until_ghost()
    assert nvim.screen[1] == 'f(x["akey"].get("other"])'
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == 'f(x["akey"].get("other"])')


def test_words_after_an_accepted_word_stay(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("a, b)", replace_after=1) + "f($0)")
    nvim.insert(" ")
    nvim.until_ghost("a, b")
    nvim.type("<C-f>")
    nvim.until_ghost(", b")
    assert nvim.line == "f( a)"
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "f( a, b)")


def test_lines_in_the_middle_of_a_line_push_its_end_down(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("(\n    a,\n)") + "x = call$0  # end of the line\nlast")
    nvim.insert("s")
    nvim.until_ghost()
    assert nvim.screen[1:5] == ["x = calls(", "    a,", ")  # end of the line", "last"]
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.lines[1:] == ["x = calls(", "    a,", ")  # end of the line", "last"])


def test_text_that_replaces_words_covers_them(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("new", replace_after=3) + "x = $0old + 1")
    nvim.insert(" ")
    nvim.until_ghost()
    assert nvim.screen[1] == "x =  new + 1"
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "x =  new + 1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_emoji_before_the_cursor(start: Start, script: Script, encoding: str) -> None:
    capabilities = {"general": {"positionEncodings": [encoding]}}
    nvim = start(server="scripted", config={"capabilities": capabilities})
    nvim.edit("a.py", script("é🚀)", replace_after=1) + 'say("😀🎉", $0)')
    nvim.insert("ü")
    nvim.until_ghost("é🚀")
    assert nvim.lua("return vim.lsp.get_clients()[1].offset_encoding") == encoding
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == 'say("😀🎉", üé🚀)')


def test_words_of_other_scripts_are_not_cut_in_two(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("größe🚀 = 1") + "$0")
    nvim.insert(" ")
    nvim.until_ghost("größe🚀 = 1")
    nvim.type("<C-f>")
    nvim.until_ghost(" = 1")
    assert nvim.line == " größe🚀"


def test_tabs_are_as_wide_as_in_the_file(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.txt", script("if a {\n\t\tb()\n\t}") + "\t$0")
    nvim.command("set tabstop=4 noexpandtab")
    nvim.insert("x ")
    nvim.until_ghost("if a {\n        b()\n    }")
    assert nvim.screen[1:4] == ["    x if a {", "        b()", "    }"]
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.lines[1:] == ["\tx if a {", "\t\tb()", "\t}"])


def test_files_with_dos_line_ends_get_no_stray_returns(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    text = script("a(\r\n    b)").replace("\n", "\r\n") + "x =\r\nend\r\n"
    (nvim.folder / "a.py").write_bytes(text.encode())
    nvim.edit("a.py")
    nvim.type("jA ")
    nvim.until_ghost("a(\n    b)")
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.lines[1:] == ["x = a(", "    b)", "end"])


def test_an_open_menu_hides_ghost_text(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("ice") + "price = 1\n$0")
    nvim.insert("pr")
    nvim.until_ghost("ice")
    nvim.type("<C-n>")
    nvim.until(lambda: nvim.lua("return vim.fn.pumvisible()") == 1)
    nvim.settle()
    assert not nvim.ghost
    nvim.type("<C-e>")
    nvim.until_ghost("ice")


def test_what_the_user_names_hides_ghost_text(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.lua(
        "vim.g.sidelong = { hide = function() return vim.fn.getline('.'):find('quiet') ~= nil end }"
    )
    nvim.edit("a.py", script("1") + "$0")
    nvim.insert("x = ")
    nvim.until_ghost("1")
    nvim.type("quiet")
    nvim.settle()
    assert not nvim.ghost
