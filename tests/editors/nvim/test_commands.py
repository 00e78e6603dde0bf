"""The commands that users call by name: explain, toggle, status, log, doctor, health, help."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]
Script = Callable[..., str]


def test_explain_tells_the_decision_and_its_cost(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("42") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("42")
    # Ghost text does not wait for the index.
    nvim.until(lambda: nvim.explain()[0] == "Server: Completing with scripted (ready)")
    lines = nvim.explain()
    assert "Something was suggested." in lines
    assert "Only this file was read: P 0.250, threshold 0.500 (threshold)." in lines
    assert "  ██████████░░░░░░░░░|░░░░░░░░░░░░░░░░░░░░" in lines
    assert "Tokens: 10 in the prompt, 2 of them evaluated, 3 generated" in lines


def test_explain_says_why_nothing_appeared(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("", reason="only closing brackets") + "x =$0")
    nvim.insert(" ")
    nvim.settle()
    lines = nvim.explain()
    assert "There was nothing to suggest." in lines
    assert "Reason: only closing brackets" in lines


def test_explain_shows_what_left_for_a_remote_model(start: Start) -> None:
    body = {"prompt": "if a < b:\n    x", "max_tokens": 64}
    remote = {"host": "gpu:8000", "sent_characters": 16, "problem": "", "sent": [body]}
    request = {"outcome": "shown", "reason": "", "ms": {"total": 1}, "remote": remote}
    explanation = {"status": {"state": "ready", "message": "Completing"}, "request": request}
    lines = start().lua("return require('sidelong.explain').lines(..., 0)", explanation)
    assert lines[-5:] == [
        "Sent to gpu:8000, or tried:",
        "  max_tokens: 64",
        "  prompt:",
        "    if a < b:",
        "        x",
    ]


def test_explain_knows_files_that_were_not_asked_about(start: Start) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", "x$0")
    nvim.until_ready()
    assert any("Nothing has been asked about this file yet" in line for line in nvim.explain())


@pytest.mark.parametrize("scope", ["", "all", "folder", "language", "buffer"])
def test_toggle_switches_off_and_on(start: Start, script: Script, scope: str) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("42") + "x =$0")
    nvim.until_ready()
    assert "off in" in nvim.command(f"Sidelong toggle {scope}")
    nvim.insert()
    nvim.type_until(lambda: not nvim.ghost)
    assert any("witched off" in line or "switches" in line for line in nvim.explain())
    assert "on in" in nvim.command(f"Sidelong toggle {scope}")
    nvim.insert()
    nvim.type_until(lambda: nvim.ghost == "42")


def test_what_was_switched_outlives_the_server(start: Start, script: Script) -> None:
    nvim = start(server="scripted", settings={"languages": {"lua": False}})
    nvim.edit("a.py", script("{retrieval}") + "x =$0")
    nvim.until_ready()
    nvim.command("Sidelong toggle language")
    assert "retrieval is auto" in nvim.command("Sidelong retrieval")
    assert "retrieval is never" in nvim.command("Sidelong retrieval never")
    nvim.command("Sidelong restart")
    nvim.until(lambda: nvim.lua("return require('sidelong').status() == nil"))
    nvim.until_ready()
    nvim.insert()
    nvim.type_until(lambda: not nvim.ghost)
    assert "Reason: sidelong.languages switches python off" in nvim.explain()
    nvim.command("Sidelong toggle language")
    nvim.insert()
    nvim.type_until(lambda: nvim.ghost == "never")


def test_a_folder_switched_off_leaves_the_others_on(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("42") + "x =$0")
    nvim.until_ready()
    nvim.command("Sidelong toggle folder")
    (nvim.folder.parent / "other/.git").mkdir(parents=True)
    nvim.edit("../other/b.py", script("42") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("42")
    nvim.type("<Esc>")
    nvim.edit("a.py")
    nvim.type("GA")
    nvim.type_until(lambda: not nvim.ghost)
    assert "Reason: sidelong.enabled is false" in nvim.explain()


def test_statusline_says_what_the_server_does(start: Start, script: Script) -> None:
    nvim = start(server="scripted")
    shown = """return vim.api.nvim_eval_statusline(
      "%{v:lua.require'sidelong'.statusline()}", {}).str"""
    nvim.edit("a.py", script("42") + "x =$0")
    nvim.until(lambda: nvim.lua(shown) == "sidelong")
    nvim.command("Sidelong toggle buffer")
    assert nvim.lua(shown) == "sidelong off"
    nvim.command("enew")
    assert nvim.lua(shown) == ""


def test_the_log_is_opened_at_its_end(start: Start) -> None:
    nvim = start(server="real")
    nvim.edit("a.py", "x$0")
    nvim.until_ready()
    nvim.command("Sidelong log")
    assert nvim.lua("return vim.fn.expand('%:t')") == "server.log"
    assert nvim.lua("return vim.fn.line('.') == vim.fn.line('$')")


def test_doctor_and_health_tell_of_the_real_installation(start: Start) -> None:
    nvim = start(server="real")
    nvim.edit("a.py", "x$0")
    nvim.until_ready()
    nvim.command("Sidelong doctor")
    nvim.until(lambda: nvim.lua("return vim.bo.filetype") == "sidelong-doctor", "no doctor")
    assert any("self-test" in line for line in nvim.lines)
    nvim.command("close")
    nvim.command("checkhealth sidelong")
    text = "\n".join(nvim.lines)
    assert "ghost text by sidelong itself" in text
    assert "The server runs for 1 buffer(s)" in text
    assert "self-test" in text
    assert "ERROR" not in text


def test_commands_complete_their_words(start: Start) -> None:
    nvim = start(enable=False)
    words = "return vim.fn.getcompletion(..., 'cmdline')"
    names = ["doctor", "explain", "log", "restart", "retrieval", "status", "toggle"]
    assert nvim.lua(words, "Sidelong ") == names
    assert nvim.lua(words, "Sidelong toggle ") == ["all", "buffer", "folder", "language"]
    assert nvim.lua(words, "Sidelong toggle fo") == ["folder"]
    assert nvim.lua(words, "Sidelong retrieval a") == ["always", "auto"]


def test_a_word_that_is_no_command_is_answered_with_those_that_are(start: Start) -> None:
    nvim = start(enable=False)
    nvim.command("Sidelong explode")
    assert "explain" in nvim.notified[0]


def test_an_option_that_does_not_exist_is_said_once(start: Start, script: Script) -> None:
    nvim = start(server="scripted", options={"debounce": 5, "auto": "yes"})
    nvim.edit("a.py", script("42") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("42")
    nvim.type("y")
    nvim.settle()
    assert sorted(line.split(";")[0] for line in nvim.notified) == [
        "vim.g.sidelong.auto must be a boolean",
        "vim.g.sidelong.debounce is not an option of sidelong",
    ]


def test_every_help_tag_is_found(start: Start) -> None:
    nvim = start(enable=False)
    plugin = nvim.lua("return vim.json.decode(vim.env.SIDELONG_TEST).plugin")
    target = nvim.folder / "help/doc"
    target.mkdir(parents=True)
    shutil.copy(f"{plugin}/doc/sidelong.txt", target)
    nvim.command(f"helptags {target}")
    nvim.command(f"set runtimepath^={target.parent}")
    for tag in ("sidelong", "sidelong-install", "sidelong-keys", "sidelong-options", ":Sidelong"):
        nvim.command(f"help {tag}")
        assert nvim.lua("return vim.bo.filetype") == "help"
