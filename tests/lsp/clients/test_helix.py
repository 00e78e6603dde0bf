"""Helix 25.07 (helix-lsp/src/client.rs, helix-term/src/application.rs)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tomlkit

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]},
    "workspace": {
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": False},
        "workspaceFolders": True,
        "didChangeWatchedFiles": {"dynamicRegistration": True, "relativePatternSupport": True},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "textDocument": {
        "completion": {
            "completionItem": {
                "snippetSupport": True,
                "resolveSupport": {
                    "properties": ["documentation", "detail", "additionalTextEdits"]
                },
                "insertReplaceSupport": True,
            },
            "completionItemKind": {},
        }
    },
}
ANSWERS: dict[str, Any] = {
    "workspace/configuration": lambda params: [None for _ in params["items"]],
    "workspace/workspaceFolders": None,
    "client/registerCapability": None,
    "window/workDoneProgress/create": None,
}


def test_the_suggestion_is_in_its_list(
    start: Callable[..., Any],
    documented: Callable[[str], str],
    edited: Callable[..., str],
    done: str,
) -> None:
    server = tomlkit.parse(documented("Helix, in")).unwrap()["language-server"]["sidelong"]
    assert server["command"] == "sidelong"
    helix = start(*server["args"], answers=ANSWERS)
    told = helix.initialize(CAPABILITIES)
    assert told["completionProvider"]["triggerCharacters"]
    helix.open()
    helix.until_ready()
    params = helix.at_cursor(context={"triggerKind": 1})
    answer = helix.ask("textDocument/completion", params)
    assert answer["isIncomplete"]
    (item,) = answer["items"]
    # Its list keeps what the typed word matches, in `filterText` or else in `label`.
    assert item["filterText"].startswith("comp")
    assert "data" not in item  # so it asks for nothing more about the item
    assert edited(item["textEdit"]) == done
    helix.end()
