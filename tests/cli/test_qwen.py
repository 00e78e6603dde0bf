"""`sidelong complete` with a real stock model, where `SIDELONG_QWEN` names its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.qwen import FILE, needs_file

if TYPE_CHECKING:
    from tests.cli.conftest import Run

pytestmark = needs_file


@pytest.mark.parametrize("mode", ["never", "always"])
def test_it_completes_with_and_without_other_files(
    sidelong: Run, workspace: Path, mode: str
) -> None:
    cursor = f"{workspace / 'drawing.py'}:18:11"
    answer = sidelong("complete", cursor, "--json", "--retrieve", mode, "--model", FILE).json

    assert answer["text"].strip()
    assert answer["model"] == Path(FILE or "").name
    assert [chunk["path"] for chunk in answer["chunks"]] == (["shapes.py"] * (mode == "always"))
