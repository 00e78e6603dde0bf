"""Starting, losing and not finding the server: one message each, and a way on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

Start = Callable[..., Any]
Script = Callable[..., str]
Pid = Callable[[Any], int]

STATE = "local s = require('sidelong').status(); return s and s.state or 'none'"


def test_a_server_killed_while_it_works_is_said_once_and_comes_back(
    start: Start, script: Script, server_pid: Pid, tmp_path: Path
) -> None:
    nvim = start(server="scripted")
    go_on = tmp_path / "go-on"
    nvim.edit("a.py", script("42", hold=str(go_on)) + "x =$0")
    nvim.until_ready()
    nvim.insert(" ")
    nvim.until(lambda: nvim.lua(STATE) == "working")
    pid = server_pid(nvim)
    os.kill(pid, signal.SIGKILL)
    go_on.touch()
    nvim.until(lambda: nvim.lua(STATE) == "ready")
    assert server_pid(nvim) != pid
    nvim.type("<Esc>A+")
    nvim.until_ghost("42")
    assert len(nvim.messages) == 1
    assert "Client sidelong quit" in nvim.messages[0]


def test_a_server_that_keeps_ending_is_left_alone(
    start: Start, script: Script, server_pid: Pid
) -> None:
    nvim = start(server="scripted")
    nvim.lua("require('sidelong.restart').PAUSES_MS = { 10, 10 }")
    nvim.edit("a.py", script("42") + "x =$0")
    for _ in range(3):
        nvim.until_ready()
        os.kill(server_pid(nvim), signal.SIGKILL)
        nvim.until(lambda: nvim.lua(STATE) == "none")
    nvim.until(lambda: len(nvim.notified) == 4)
    assert "has ended 3 times" in nvim.notified[-1]
    assert ":Sidelong restart" in nvim.notified[-1]
    nvim.command("Sidelong restart")
    nvim.until_ready()
    nvim.insert(" ")
    nvim.until_ghost("42")


def test_a_restart_by_hand_is_no_news(start: Start, script: Script, server_pid: Pid) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("42") + "x =$0")
    nvim.until_ready()
    pid = server_pid(nvim)
    nvim.command("Sidelong restart")
    nvim.until(lambda: nvim.lua(STATE) == "none")
    nvim.until(lambda: nvim.lua(STATE) == "ready")
    assert server_pid(nvim) != pid
    nvim.insert(" ")
    nvim.until_ghost("42")
    assert nvim.messages == []


def test_typing_may_begin_before_the_server_is_there(start: Start, script: Script) -> None:
    nvim = start(server="scripted", enable=False)
    nvim.edit("a.py", script("42") + "x =$0")
    nvim.insert(" ")
    assert not nvim.lua("return require('sidelong').visible()")
    config = nvim.lua("return vim.json.decode(vim.env.SIDELONG_TEST).config")
    nvim.lua("require('sidelong').enable(...)", config)
    nvim.until_ghost("42")


def test_a_model_that_is_not_there_is_named_once(start: Start) -> None:
    options = {"sidelong": {"model": {"path": "/nowhere/model.gguf"}}}
    nvim = start(config={"init_options": options})
    nvim.edit("a.py", "x =$0")
    nvim.until(lambda: nvim.lua(STATE) == "error")
    nvim.insert(" 1\ny = 2")
    nvim.settle()
    assert not nvim.ghost
    assert len([line for line in nvim.messages if "/nowhere/model.gguf" in line]) == 1
    assert "/nowhere/model.gguf" in nvim.command("Sidelong status")
    explained = "\n".join(nvim.explain())
    assert "The server was not ready." in explained
    assert "/nowhere/model.gguf" in explained


def test_a_server_that_is_not_installed_is_said_once(start: Start) -> None:
    nvim = start(server=["sidelong-is-not-installed", "serve"])
    nvim.edit("a.py", "x =$0")
    nvim.insert(" 1<Esc>")
    nvim.edit("b.py", "y =$0")
    nvim.edit("c.py", "z =$0")
    [message] = nvim.notified
    assert "sidelong-is-not-installed" in message
    assert "Install it" in message
    assert nvim.lua("return #vim.lsp.get_clients()") == 0
    nvim.command("checkhealth sidelong")
    assert any("is not installed" in line for line in nvim.lines)


def test_one_server_serves_all_folders(start: Start, script: Script, server_pid: Pid) -> None:
    nvim = start(server="scripted")
    nvim.edit("a.py", script("{path}") + "x =$0")
    nvim.until_ready()
    (nvim.folder.parent / "other/.git").mkdir(parents=True)
    nvim.edit("../other/deep/b.py", script("{path} {snapshot}") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("deep/b.py True")
    assert nvim.lua("return #vim.lsp.get_clients()") == 1
    assert server_pid(nvim)


def test_files_without_a_project_are_completed_too(
    start: Start, script: Script, tmp_path: Path
) -> None:
    nvim = start(server="scripted", config={"root_markers": ["no such marker"]})
    nvim.edit("a.py", script("{path} {snapshot}") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("a.py False")
