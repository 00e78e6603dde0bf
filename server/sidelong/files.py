"""Files that are read as text and files that are written whole.

A reader of a file that `whole` writes finds the old content or the new, never a part.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sidelong.errors import SidelongError


class TextError(SidelongError):
    """The file cannot be read as text."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """The file to write; it becomes `path` at the end, in one step.

    If anything fails, `path` stays as it was and the half-written file is deleted.
    The folder of `path` is made. Two processes may write the same `path`: the last one wins.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid4().hex[:8]}.tmp")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole."""
    with whole(path) as aside:
        aside.write_text(text, encoding="utf-8")


def read_text(file: Path) -> str:
    """The file's text with the line ends it has; raises `TextError`."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextError(
            f"{file} is not UTF-8 text (byte {error.start}). Convert it, or choose another file."
        ) from None
    except OSError as error:
        raise TextError(
            f"{file} cannot be read: {error.strerror}. Give the path of a text file."
        ) from None
