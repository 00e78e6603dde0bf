"""Zed of April 2025 or later (crates/lsp/src/lsp.rs); its release could not be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {
        "configuration": True,
        "workspaceFolders": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True, "relativePatternSupport": True},
    },
    "window": {"workDoneProgress": True},
    "textDocument": {
        "completion": {
            "completionItem": {
                "snippetSupport": True,
                "insertReplaceSupport": True,
                "insertTextModeSupport": {"valueSet": [1, 2]},
            },
            "insertTextMode": 2,
            "contextSupport": True,
        }
    },
    "experimental": {"serverStatusNotification": True, "localDocs": True},
}
ANSWERS: dict[str, Any] = {
    "workspace/configuration": lambda params: [{} for _ in params["items"]],
    "client/registerCapability": None,
    "window/workDoneProgress/create": None,
}


def test_a_folder_without_a_name_is_called_by_its_path(
    start: Callable[..., Any], edited: Callable[..., str], done: str
) -> None:
    zed = start("serve", "--completion", answers=ANSWERS)
    folders = [{"uri": zed.folder.as_uri(), "name": ""}]
    zed.initialize(CAPABILITIES, workspaceFolders=folders)
    zed.notify("workspace/didChangeConfiguration", {"settings": {}})
    zed.open()
    zed.until_ready()
    params = zed.at_cursor(context={"triggerKind": 1})
    (item,) = zed.ask("textDocument/completion", params)["items"]
    assert edited(item["textEdit"]) == done
    assert item["insertTextMode"] == 1  # as it is: its default would indent the lines again
    zed.ask("sidelong/indexed", None)
    assert f"{zed.folder.name} is indexed" in zed.log.read_text()
    zed.end()
