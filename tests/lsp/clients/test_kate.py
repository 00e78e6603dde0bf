"""Kate (addons/lspclient: lspclientserver.cpp of 00f6233, lspclientcompletion.cpp of 1160283)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

CAPABILITIES = {
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True}},
        "synchronization": {"didSave": True},
    },
    "window": {"workDoneProgress": True},
}
ANSWERS: dict[str, Any] = {
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
    assert "workspace/configuration" not in kate.asked  # which it has no answer to
    kate.end()
