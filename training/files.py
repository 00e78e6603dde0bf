"""Results on disk that are whole or not there, whenever a stage is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what becomes `path` at the end, in one step, unless something fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.part")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file as a whole."""
    with whole(path) as aside:
        aside.write_text(text, encoding="utf-8")


def cut_torn_line(path: Path) -> None:
    """Take back a last line that was not written to its end, of a file that grows by lines."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        data = file.read()
        kept = data.rfind(b"\n") + 1
        if kept < len(data):
            file.truncate(kept)
