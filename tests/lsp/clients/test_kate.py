"""Kate 26.08.0 (addons/lspclient: lspclientserver, lspclientservermanager, lspclientcompletion)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

CAPABILITIES = {
    "workspace": {"configuration": True},
    "textDocument": {
        "completion": {
            "completionItem": {
                "snippetSupport": True,
                "resolveSupport": {"properties": ["additionalTextEdits", "documentation"]},
            }
        },
        "synchronization": {"didSave": True},
    },
    "window": {
        "workDoneProgress": True,
        "showMessage": {"messageActionItem": {"additionalPropertiesSupport": True}},
    },
}
ANSWERS: dict[str, Any] = {
    # Null for a section, unless the user's entry for the server has "settings".
    "workspace/configuration": lambda params: [None for _ in params["items"]],
    "window/workDoneProgress/create": None,
    "client/registerCapability": None,
}


def test_the_suggestion_takes_the_place_of_the_word(
    start: Callable[..., Any], documented: Callable[[str], str], done: str
) -> None:
    command, *arguments = json.loads(documented("Kate, in"))["servers"]["python"]["command"]
    assert command == "sidelong"
    kate = start(*arguments, answers=ANSWERS)
    # It tells its folders only if the user wants that; without, there is a root.
    told = kate.initialize(CAPABILITIES, workspaceFolders=None, initializationOptions=None)
    assert told.get("positionEncoding", "utf-16") == "utf-16"
    kate.open()
    kate.until_ready()
    (item,) = kate.ask("textDocument/completion", kate.at_cursor())["items"]
    assert item.get("insertText") is None  # which it would take before the new text
    # The new text replaces the word before the cursor; of the range it reads only the start, and
    # only if that lies before the word.
    assert item["textEdit"]["range"]["start"]["character"] == done.index("comp")
    assert "    four = " + item["textEdit"]["newText"] == done
    kate.notify("textDocument/didSave", {"textDocument": {"uri": kate.uri}})
    kate.end()


def test_its_settings_are_the_servers(start: Callable[..., Any]) -> None:
    settings = {"sidelong": {"enabled": False}}
    of_section = {
        "workspace/configuration": lambda params: [settings[i["section"]] for i in params["items"]]
    }
    kate = start("serve", "--completion", answers={**ANSWERS, **of_section})
    kate.initialize(CAPABILITIES, workspaceFolders=None, initializationOptions=None)
    kate.notify("workspace/didChangeConfiguration", {"settings": settings})
    kate.open()
    assert not kate.ask("textDocument/completion", kate.at_cursor())["items"]
    assert kate.explain()["outcome"] == "off"
    kate.end()
