"""LSP 2.13 for Sublime Text (plugin/core/sessions.py, plugin/completion.py)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {
        "configuration": True,
        "workspaceFolders": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
    },
    "window": {"workDoneProgress": True},
    "textDocument": {
        "synchronization": {"dynamicRegistration": True, "willSave": True, "didSave": True},
        "completion": {
            "dynamicRegistration": True,
            "completionItem": {
                "snippetSupport": True,
                "insertReplaceSupport": True,
                "insertTextModeSupport": {"valueSet": [2]},
            },
            "insertTextMode": 2,
            "completionList": {"itemDefaults": ["editRange", "insertTextFormat", "data"]},
        },
    },
}
ANSWERS: dict[str, Any] = {
    "workspace/configuration": lambda params: [None for _ in params["items"]],
    "client/registerCapability": None,
    "window/workDoneProgress/create": None,
}


def test_the_suggestion_is_applied_and_its_command_run(
    start: Callable[..., Any],
    documented: Callable[[str], str],
    edited: Callable[..., str],
    done: str,
) -> None:
    server = json.loads(documented("Sublime Text with the package"))["clients"]["sidelong"]
    assert server["command"][0] == "sidelong"
    sublime = start(*server["command"][1:], answers=ANSWERS)
    sublime.initialize(CAPABILITIES, clientInfo={"name": "Sublime Text LSP", "version": "2.13.0"})
    buffer = "buffer:7"  # a view that was never saved
    for uri in (sublime.uri, buffer):
        sublime.open(uri=uri)
    sublime.until_ready()
    for uri in (sublime.uri, buffer):
        (item,) = sublime.ask("textDocument/completion", sublime.at_cursor(uri))["items"]
        assert edited(item["textEdit"]) == done
        command = {name: item["command"][name] for name in ("command", "arguments")}
        sublime.ask("workspace/executeCommand", command)
        assert sublime.explain(uri)["accepted"]
    sublime.end()
