"""Kate 24 (addons/lspclient/lspclientcompletion.cpp, lspclientserver.cpp)."""

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
    "workspace": {"workspaceFolders": True, "configuration": True},
}
ANSWERS: dict[str, Any] = {
    "workspace/configuration": lambda params: [{} for _ in params["items"]],
    "window/workDoneProgress/create": None,
}


def test_the_suggestion_takes_the_place_of_the_word(
    start: Callable[..., Any], documented: Callable[[str], str], done: str
) -> None:
    command, *arguments = json.loads(documented("Kate, in"))["servers"]["python"]["command"]
    assert command == "sidelong"
    kate = start(*arguments, answers=ANSWERS)
    told = kate.initialize(CAPABILITIES)
    assert told.get("positionEncoding", "utf-16") == "utf-16"
    kate.open()
    kate.until_ready()
    (item,) = kate.ask("textDocument/completion", kate.at_cursor())["items"]
    # The new text replaces the word before the cursor; of the range it reads only the start, and
    # only if that lies before the word.
    assert item["textEdit"]["range"]["start"]["character"] == done.index("comp")
    assert "    four = " + item["textEdit"]["newText"] == done
    kate.notify("textDocument/didSave", {"textDocument": {"uri": kate.uri}})
    kate.end()
