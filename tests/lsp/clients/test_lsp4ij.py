"""LSP4IJ 0.20.2 for JetBrains (LSPInlineCompletionProvider.kt, ClientCapabilitiesFactory.java)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {
        "configuration": True,
        "workspaceFolders": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "textDocument": {
        "inlineCompletion": {"dynamicRegistration": True},
        "synchronization": {"willSave": True, "willSaveWaitUntil": True, "didSave": True},
    },
}
ANSWERS: dict[str, Any] = {
    "workspace/configuration": lambda params: [None for _ in params["items"]],
    "client/registerCapability": None,
    "window/workDoneProgress/create": None,
}
AUTOMATIC = {"triggerKind": 2}
"""It says so when asked by hand, too."""
METHOD = "textDocument/inlineCompletion"


def shown(item: Any, offset: int) -> str:
    """The grey text: what the range covers before the cursor is skipped by its length."""
    start, end = (item["range"][edge]["character"] for edge in ("start", "end"))
    text: str = item["insertText"]
    return text[offset - start :] if start < offset <= end else text


def test_it_shows_grey_text_and_runs_no_command(start: Callable[..., Any], rest: str) -> None:
    ide = start("serve", answers=ANSWERS)
    told = ide.initialize(CAPABILITIES, clientInfo={"name": "IntelliJ IDEA"}, trace="off")
    assert told["inlineCompletionProvider"] is not None
    assert told["positionEncoding"] == "utf-16"
    ide.open()
    ide.until_ready()
    (item,) = ide.ask(METHOD, ide.at_cursor(context=AUTOMATIC))
    assert shown(item, offset=15) == rest
    ide.notify("textDocument/didSave", {"textDocument": {"uri": ide.uri}})
    assert "workspace/configuration" in ide.asked
    ide.notify("textDocument/didClose", {"textDocument": {"uri": ide.uri}})
    ide.end()
