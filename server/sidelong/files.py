"""Files that are read as text and files that are written whole.

A reader of a file that `whole` writes finds the old content or the new, never a part.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from sidelong.errors import SidelongError

_OURS: Final = re.compile(r"^\..+\.[0-9a-f]{8}\.tmp$|-[0-9a-f]{16}-\w{8}\.tmp$")
"""The names of unfinished files: those of `whole`, and those of `sidelong_index.store`."""

_LEFT_S: Final = 3600.0


class TextError(SidelongError):
    """The file cannot be read as text."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """The file to write; it becomes `path` at the end, in one step.

    If anything fails, `path` stays as it was and the half-written file is deleted.
    The folder of `path` is made, for this user alone.
    Two processes may write the same `path`: the last one wins.
    """
    make_private(path.parent)
    aside = path.with_name(f".{path.name}.{uuid4().hex[:8]}.tmp")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def make_private(folder: Path) -> None:
    """Make the folder, and those above that are missing, for this user alone, whatever the umask.

    Folders that are there stay as they are.
    """
    if folder.is_dir():
        return
    make_private(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def sweep(folder: Path) -> None:
    """Delete the files of ours that killed processes left half-written in the folder.

    One that was written to within the last hour may be another process' and stays.
    """
    with suppress(OSError):
        for aside in filter(lambda path: _OURS.search(path.name), list(folder.iterdir())):
            if time.time() - aside.stat().st_mtime > _LEFT_S:
                aside.unlink()


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
