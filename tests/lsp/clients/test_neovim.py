"""Neovim 0.12's own inline completion (runtime/lua/vim/lsp/inline_completion.lua of c2c5a02)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-8", "utf-16", "utf-32"]},
    "workspace": {
        "configuration": True,
        "workspaceFolders": True,
        "didChangeConfiguration": {"dynamicRegistration": False},
    },
    "window": {"workDoneProgress": True},
    "textDocument": {"inlineCompletion": {"dynamicRegistration": False}},
}
ANSWERS: dict[str, Any] = {
    "workspace/configuration": lambda params: [None for _ in params["items"]],
    "window/workDoneProgress/create": None,
}
INVOKED, AUTOMATIC = {"triggerKind": 1}, {"triggerKind": 2}
METHOD = "textDocument/inlineCompletion"


def test_it_shows_accepts_and_runs_the_command(
    start: Callable[..., Any], edited: Callable[..., str], done: str
) -> None:
    nvim = start("serve", answers=ANSWERS)
    told = nvim.initialize(CAPABILITIES)
    assert told["positionEncoding"] == "utf-8"
    nvim.open()
    nvim.until_ready()
    first = nvim.send(METHOD, nvim.at_cursor(context=AUTOMATIC))  # each key cancels the one before
    nvim.notify("$/cancelRequest", {"id": first})
    (item,) = nvim.ask(METHOD, nvim.at_cursor(context=AUTOMATIC))
    assert isinstance(item["insertText"], str)  # else it would be expanded as a snippet
    assert "filterText" not in item
    assert edited(item) == done
    assert item["command"]["command"] in told["executeCommandProvider"]["commands"]
    command = {name: item["command"][name] for name in ("command", "arguments")}
    assert nvim.ask("workspace/executeCommand", command) is None
    assert nvim.explain()["accepted"]
    assert set(nvim.answer(first)) & {"error", "result"}
    nvim.end()


def test_by_hand_it_gets_alternatives_and_without_a_name_nothing(
    start: Callable[..., Any], edited: Callable[..., str], done: str
) -> None:
    nvim = start("serve", answers=ANSWERS)
    nvim.initialize(CAPABILITIES)
    nvim.open()
    nvim.until_ready()
    items = nvim.ask(METHOD, nvim.at_cursor(context=INVOKED))
    lines = [edited(item) for item in items]
    assert done in lines
    assert len(set(lines)) == len(lines) > 1
    nvim.open(uri="file://")  # all buffers without a name share this URI
    nvim.open(uri="file://", text="other = 1\n")
    assert nvim.ask(METHOD, nvim.at_cursor("file://", context=AUTOMATIC)) == []
    assert "names no file" in nvim.explain("file://")["reason"]
    nvim.end()
