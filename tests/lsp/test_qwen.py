"""A real stock model behind the real server, where `SIDELONG_QWEN` names its file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.qwen import FILE, needs_file, with_either_line_end

pytestmark = needs_file

NewEditor = Callable[..., Any]

SHAPES = "class Circle:\n    def __init__(self, centre, radius):\n        self.radius = radius\n"
USES = "from shapes import Circle\n\n\ndef area(circle: Circle):\n    return 3.14 * circle.ra$0\n"


@with_either_line_end
def test_half_a_word_of_another_file_is_ended_and_typing_on_reads_little(
    new_editor: NewEditor, ends: str
) -> None:
    editor = new_editor()
    (editor.folder / "shapes.py").write_text(SHAPES)
    settings = {"model": {"path": FILE}, "retrieval": {"mode": "always"}, "minProbability": 0}
    editor.start(*editor.serve, options=settings)
    doc = editor.open("uses.py", USES.replace("\n", ends))
    editor.until(lambda: editor.state == "ready")

    text = editor.suggestion(doc)
    assert text.startswith("dius")
    told = editor.explain(doc)
    assert told["gate"]["retrieved"]
    assert [chunk["path"] for chunk in told["chunks"]] == ["shapes.py"]

    editor.type(doc, "dius + ")
    editor.complete(doc)
    assert editor.explain(doc)["tokens"]["evaluated"] <= 8
    assert editor.shut_down() == 0
