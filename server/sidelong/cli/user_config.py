"""Writing one setting of one folder into the user's config file; all else in it stays as it is.

Reading the file is `configfile`'s, the only other module that knows its form.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from sidelong.errors import SettingsError

_FOLDER = "folder"


def with_threshold(text: str, folder: Path, threshold: float) -> str:
    """The config file's text with the folder's `retrieval.threshold` set; comments stay.

    The folder's own table is used however it is spelled, or added at the end.
    Raises `ValueError` if the text is not TOML of the form that `configfile` reads.
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ValueError(str(error)) from None
    folders = document.setdefault(_FOLDER, tomlkit.table(is_super_table=True))
    if not isinstance(folders, MutableMapping):
        raise ValueError('"folder" is not a table of tables')
    names = (name for name in folders if Path(name).expanduser() == folder)
    name = next(names, str(folder))
    _set(folders.setdefault(name, tomlkit.table()), threshold)
    return tomlkit.dumps(document)


def _set(section: Any, threshold: float) -> None:
    """Where the section has the setting, or beside its fellows, or as a dotted key."""
    if "retrieval.threshold" in section:  # in quotes, one name with a dot in it
        section["retrieval.threshold"] = threshold
    elif "retrieval" in section:
        section["retrieval"]["threshold"] = threshold
    elif isinstance(section, InlineTable):  # tomlkit cannot write dotted keys in one
        section["retrieval"] = {"threshold": threshold}
    else:
        section.add(tomlkit.key(["retrieval", "threshold"]), tomlkit.item(threshold))


def write_threshold(file: Path, folder: Path, threshold: float) -> None:
    """Set it in the user's file, which is made if there is none and replaced in one step.

    Raises `SettingsError` if the file lies inside of the folder, or cannot be read as TOML.
    """
    file = file.resolve()  # a link into somebody's dotfiles stays a link
    if file.is_relative_to(folder):
        raise SettingsError(
            f"{file} lies inside of {folder}, where nothing is ever written. "
            f"Set retrieval.threshold = {threshold} there by hand."
        )
    try:
        old = file.read_bytes().decode() if file.exists() else ""
        new = with_threshold(old, folder, threshold)
    except ValueError as error:
        raise SettingsError(
            f"{file}: not readable as TOML ({error}). Mend the file; it was left as it is."
        ) from None
    _replace(file, new)


def _replace(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(text.encode())
        if file.exists():
            shutil.copymode(file, name)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
