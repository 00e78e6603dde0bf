"""Finds programs of the system by their names, and none that lies in a workspace.

`shutil.which` and the system look in the current folder too on Windows, and anywhere where `PATH`
has a relative or an empty entry; a project's `git` there would run with the user's rights.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def find_program(name: str, *, outside: Path | None = None) -> str | None:
    """The absolute path of the program, from the absolute folders of `PATH` alone; None: not there.

    Folders in `outside`, such as a project's own `node_modules/.bin`, are passed over.
    """
    for folder in _folders():
        if outside is not None and _lies_in(folder, outside):
            continue
        for file in (folder / (name + ending) for ending in _endings(name)):
            if file.is_file() and os.access(file, os.X_OK):
                return str(file)
    return None


def _folders() -> Iterator[Path]:
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        folder = Path(entry.strip('"'))
        if folder.is_absolute():
            yield folder


def _lies_in(folder: Path, root: Path) -> bool:
    return folder.is_relative_to(root) or Path(os.path.realpath(folder)).is_relative_to(
        os.path.realpath(root)
    )


def _endings(name: str) -> list[str]:
    if os.name != "nt":
        return [""]
    known = os.environ.get("PATHEXT", ".COM;.EXE;.BAT;.CMD").split(os.pathsep)
    has_one = any(name.lower().endswith(ending.lower()) for ending in known if ending)
    return [""] if has_one else known
