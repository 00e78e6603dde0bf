"""Writing one setting into the user's config file; all else in it stays as it is.

`configfile` reads the file, and is the only other module that knows its form.
"""

from __future__ import annotations

import shutil
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, TypeAlias

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from sidelong.configfile import folder_named
from sidelong.errors import SettingsError
from sidelong.files import whole

_FOLDER = "folder"

Value: TypeAlias = str | float | None
"""None removes the setting."""


def with_setting(text: str, name: str, value: Value, folder: Path | None = None) -> str:
    """The config file's text with one dotted setting, of everything or of one folder.

    Comments stay. A folder's own table is used however it is spelled, or added at the end.
    Raises `ValueError` if the text is not TOML of the form that `configfile` reads.
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ValueError(str(error)) from None
    section = document if folder is None else _section_of(document, folder)
    if value is None:
        _unset(section, name)
    else:
        _set(section, name, value)
    return tomlkit.dumps(document)


def _section_of(document: tomlkit.TOMLDocument, folder: Path) -> Any:
    folders = document.setdefault(_FOLDER, tomlkit.table(is_super_table=True))
    if not isinstance(folders, MutableMapping):
        raise ValueError('"folder" is not a table of tables')
    names = (name for name in folders if folder_named(name) == folder)
    name = next(names, str(folder))
    return folders.setdefault(name, tomlkit.table())


def _set(section: Any, name: str, value: Value) -> None:
    """Set it where the section has it, or beside its fellows, or as a dotted key."""
    head, _, rest = name.partition(".")
    if name in section:  # in quotes, one name with a dot in it
        section[name] = value
    elif head in section:
        if not isinstance(section[head], MutableMapping):
            raise ValueError(f'"{head}" is not a table')
        section[head][rest] = value
    elif isinstance(section, InlineTable):  # tomlkit cannot write dotted keys in one
        section[head] = {rest: value}
    else:
        section.add(tomlkit.key([head, rest]), tomlkit.item(value))


def _unset(section: Any, name: str) -> None:
    head, _, rest = name.partition(".")
    if name in section:
        del section[name]
    inner = section.get(head)
    if isinstance(inner, MutableMapping) and rest in inner:
        del inner[rest]


def write_threshold(file: Path, folder: Path, threshold: float) -> None:
    """Set one folder's `retrieval.threshold` in the user's file; see `write_setting`.

    Raises `SettingsError` also if the file lies inside the folder.
    """
    if file.resolve().is_relative_to(folder):
        raise SettingsError(
            f"{file.resolve()} lies inside of {folder}, where nothing is ever written. "
            f"Set retrieval.threshold = {threshold} there by hand."
        )
    write_setting(file, "retrieval.threshold", threshold, folder)


def write_setting(file: Path, name: str, value: Value, folder: Path | None = None) -> None:
    """Write it to the user's file, which is replaced in one step, or made if there is none.

    Raises `SettingsError` if the file cannot be read as TOML.
    """
    file = file.resolve()  # a link into somebody's dotfiles stays a link
    try:
        old = file.read_bytes().decode("utf-8-sig") if file.exists() else ""
        new = with_setting(old, name, value, folder)
    except ValueError as error:
        raise SettingsError(
            f"{file}: not readable as TOML ({error}). Mend the file; it was left as it is."
        ) from None
    if new != old:
        _replace(file, new)


def _replace(file: Path, text: str) -> None:
    with whole(file) as aside:
        aside.touch(mode=0o600)
        aside.write_bytes(text.encode())
        if file.exists():
            shutil.copymode(file, aside)
