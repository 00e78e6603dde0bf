"""Ghost text while typing; the server's model says what the file's first line tells it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]
Script = Callable[..., str]

CALL = "launch(rocket, delay=1)"


def test_ghost_text_stands_at_the_cursor(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("42  # the answer") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("42  # the answer")
    assert nvim.screen[1] == "x = 42  # the answer"
    assert nvim.line == "x = "


def test_typing_along_needs_no_new_answer(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("{asked} launches") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("1 launches")
    nvim.type("1 lau")
    nvim.until_ghost("nches")
    nvim.settle()
    assert nvim.ghost == "nches"


def test_deleting_what_was_typed_along_brings_it_back(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("{asked} launches") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("1 launches")
    nvim.type("1 l<BS><BS>")
    nvim.until_ghost(" launches")


def test_typing_something_else_asks_again(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("{asked} launches") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("1 launches")
    nvim.type("y")
    nvim.until_ghost("2 launches")
    assert nvim.line == "x = y"


def test_accept_all_puts_the_cursor_behind_it(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("launch(\n    rocket,\n)") + "x =$0\nend")
    nvim.insert(" ")
    nvim.until_ghost("launch(\n    rocket,\n)")
    nvim.type("<Tab>!")
    nvim.until(lambda: nvim.lines[1:] == ["x = launch(", "    rocket,", ")!", "end"])


def test_acceptance_is_told_to_the_server(start: Start, script: Script) -> None:
    nvim = start(server="scripted", options={"auto": False})
    nvim.edit("a.py", script(CALL) + "x = $0")
    nvim.until_ready()
    nvim.insert("<M-s>")
    nvim.until_ghost(CALL)
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "x = " + CALL)
    assert "It was accepted." in nvim.explain()


def test_the_next_suggestion_follows_acceptance(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("call{asked} ") + "x = $0")
    nvim.insert(" ")
    nvim.until_ghost("call1 ")
    nvim.type("<Tab>")
    nvim.until_ghost("call2 ")


def test_accept_word_by_word(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script(CALL) + "x = $0")
    nvim.insert(" ")
    nvim.until_ghost(CALL)
    for rest in ("(rocket, delay=1)", "rocket, delay=1)", ", delay=1)", " delay=1)", "=1)"):
        nvim.type("<C-f>")
        nvim.until_ghost(rest)
    assert nvim.line == "x =  launch(rocket, delay"


def test_accept_line_by_line(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("if a:\n    b()\n    c()") + "$0")
    nvim.insert(" ")
    nvim.until_ghost("if a:\n    b()\n    c()")
    nvim.type("<C-l>")
    nvim.until_ghost("\n    b()\n    c()")
    nvim.type("<C-l>")
    nvim.until_ghost("\n    c()")
    assert nvim.lines[1:] == [" if a:", "    b()"]


def test_undo_takes_back_the_suggestion_and_nothing_else(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script(CALL) + "$0")
    nvim.insert("x = ")
    nvim.until_ghost(CALL)
    nvim.type("<Tab>  # typed<Esc>")
    nvim.until(lambda: nvim.line == f"x = {CALL}  # typed")
    nvim.type("u")
    nvim.until(lambda: nvim.line == f"x = {CALL}")
    nvim.type("u")
    nvim.until(lambda: nvim.line == "x = ")
    nvim.type("<C-r>")
    nvim.until(lambda: nvim.line == f"x = {CALL}")


OTHERS = ["land(rocket)", "lift(rocket)"]


def test_cycling_asks_for_alternatives_once_and_goes_round(
    start: Start, script: Script, asked: Callable[[], int]
) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script(CALL, others=OTHERS) + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost(CALL)
    for i, text in [(2, OTHERS[0]), (3, OTHERS[1]), (1, CALL), (2, OTHERS[0])]:
        nvim.type("<M-]>")
        nvim.until_ghost(text)
        assert nvim.screen[1] == f"x = {text} ({i}/3)"
    nvim.type("<M-[>")
    nvim.until_ghost(CALL)
    assert asked() == 2
    nvim.type("<M-[><Tab>")
    nvim.until(lambda: nvim.line == "x = lift(rocket)")


def test_what_was_asked_for_by_hand_comes_with_alternatives(start: Start, script: Script) -> None:
    nvim = start(server="scripted", options={"auto": False})
    nvim.edit("a.py", script(CALL, others=OTHERS) + "x = $0")
    nvim.until_ready()
    nvim.insert("<M-s>")
    nvim.until_ghost(CALL)
    assert nvim.screen[1] == f"x = {CALL} (1/3)"
    nvim.type("<M-]><Tab>")
    nvim.until(lambda: nvim.line == "x = land(rocket)")
    assert "It was accepted." in nvim.explain()


def test_an_alternative_may_be_typed_along_and_taken_by_words(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script(CALL, others=OTHERS) + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost(CALL)
    nvim.type("<M-]>")
    nvim.until_ghost(OTHERS[0])
    nvim.type("la")
    nvim.until_ghost("nd(rocket)")
    nvim.type("<C-f>")
    nvim.until_ghost("(rocket)")
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "x = land(rocket)")


def test_typing_another_alternative_shows_its_rest(
    start: Start, script: Script, asked: Callable[[], int]
) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script(CALL, others=OTHERS) + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost(CALL)
    nvim.type("<M-]>")
    nvim.until_ghost(OTHERS[0])
    nvim.type("lif")
    nvim.until_ghost("t(rocket)")
    assert asked() == 2


def test_the_suggestion_after_an_accepted_one_is_computed_once(
    start: Start, script: Script, asked: Callable[[], int]
) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("call{asked} ") + "x = $0")
    nvim.insert(" ")
    nvim.until_ghost("call1 ")
    nvim.type("<Tab>")
    nvim.until_ghost("call2 ")
    assert asked() == 2
    assert "It was known already" in "\n".join(nvim.explain())


def test_cycling_without_others_says_so(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script(CALL) + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost(CALL)
    nvim.type("<M-]>")
    nvim.until(lambda: "sidelong: there is no other suggestion." in nvim.messages)
    assert nvim.ghost == CALL


def test_dismissed_ghost_text_stays_away_until_something_is_typed(
    start: Start, script: Script
) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("attempt {asked}") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("attempt 1")
    nvim.type("<C-]>")
    nvim.until_no_ghost()
    nvim.settle()
    assert not nvim.ghost
    nvim.type("y")
    nvim.until_ghost("attempt 2")


def test_tab_is_a_tab_where_nothing_is_suggested(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("") + "x =$0")
    nvim.insert(" ")
    nvim.settle()
    nvim.type("<Tab>y")
    nvim.until(lambda: nvim.line == "x =     y")


def test_leaving_insert_mode_clears_and_cancels(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script(CALL) + "x =$0")
    for leave in ("<Esc>", "<C-c>"):
        nvim.insert(" ")
        nvim.until_ghost(CALL)
        nvim.type(leave)
        nvim.until_no_ghost()
        assert nvim.mode == "n"


def test_leaving_insert_mode_cancels_a_request(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("", wait=True) + "x =$0")
    nvim.until_ready()
    nvim.insert(" ")
    status = "return require('sidelong').status().state"
    nvim.until(lambda: nvim.lua(status) == "working")
    nvim.type("<Esc>")
    nvim.until(lambda: nvim.lua(status) == "ready")
    assert "The editor took the request back." in nvim.explain()


def test_no_ghost_text_unless_asked_where_auto_is_off(start: Start, script: Script) -> None:
    nvim = start(server="scripted", options={"auto": False})
    nvim.edit("a.py", script(CALL) + "x =$0")
    nvim.until_ready()
    nvim.insert(" ")
    nvim.settle()
    assert not nvim.ghost
    nvim.type("<M-s>")
    nvim.until_ghost(CALL)


def test_an_expr_mapping_may_call_accept_itself(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.lua(
        """vim.keymap.set('i', '<C-j>', function()
          if not require('sidelong').accept() then return '<C-j>' end
        end, { expr = true })"""
    )
    nvim.edit("a.py", script(CALL) + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost(CALL)
    nvim.type("<C-j>")
    nvim.until(lambda: nvim.line == "x = " + CALL)


MAPPINGS = {
    "accept_or": "return require('sidelong').accept_or('{key}')",
    "accept_or a word": "return require('sidelong').accept_or('{key}', 'word')",
    "accept": "return not require('sidelong').accept() and '{key}' or ''",
    "accept_line": "if not require('sidelong').accept_line() then return '{key}' end",
}
"""Expressions of mappings that accept, or else type their key."""


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_a_key_behind_letters_that_were_not_suggested_is_typed(
    start: Start, script: Script, mapping: str
) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("foobar") + "$0")
    nvim.insert()
    for key, text in [("<Tab>", " q  z"), ("<C-j>", " q\n z"), ("<Right>", " qz")]:
        map_key(nvim, mapping, key)
        nvim.type("<C-o>:2,$d<CR><C-o>o ")
        nvim.until_ghost("foobar")
        nvim.type(f"q{key}z")
        nvim.until(lambda text=text: nvim.lines[1:] == text.split("\n"), f"{key} was lost")
    assert nvim.messages == []


@pytest.mark.parametrize("mapping", ["accept_or", "accept"])
def test_a_key_behind_letters_of_the_suggestion_accepts_the_rest(
    start: Start, script: Script, mapping: str
) -> None:
    nvim = start(server="scripted")
    map_key(nvim, mapping, "<Tab>")
    nvim.edit("a.py", script("foobar") + "$0")
    nvim.insert(" ")
    nvim.until_ghost("foobar")
    nvim.type("fo<Tab>z")
    nvim.until(lambda: nvim.line == " foobarz")


def map_key(nvim: Any, mapping: str, key: str) -> None:
    body = MAPPINGS[mapping].replace("{key}", key)
    nvim.lua(f"vim.keymap.set('i', '{key}', function() {body} end, {{ expr = true }})")
