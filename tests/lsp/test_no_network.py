"""Serving makes no connection to anywhere, as the interpreter's own audit sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

WATCHED = """\
import sys
from sidelong.cli import main
NETWORK = {"socket.bind", "socket.connect", "socket.getaddrinfo", "socket.sendto"}
log = open(sys.argv[1], "w", buffering=1)
print("watching", file=log)
sys.addaudithook(lambda event, _: event in NETWORK and print(event, file=log))
sys.exit(main(sys.argv[2:]))
"""


def test_serving_makes_no_connection(new_editor: Callable[..., Any], tmp_path: Path) -> None:
    seen = tmp_path / "network.log"
    editor = new_editor()
    (editor.folder / "shapes.py").write_text("def area(radius):\n    return 3 * radius * radius\n")
    editor.start(
        "-c", WATCHED, str(seen), *editor.serve[2:],
        options={"retrieval": {"mode": "always"}, "minProbability": 0},
    )  # fmt: skip
    doc = editor.open("a.py", "def area(radius):\n    return $0")
    editor.until(lambda: editor.state == "ready")
    assert editor.complete(doc, invoked=True) is not None
    assert editor.shut_down() == 0
    assert seen.read_text(encoding="utf-8") == "watching\n"
