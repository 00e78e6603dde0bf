"""URIs to paths, POSIX and Windows, on any system.

Editors spell the same file differently (`file:///c%3A/a` and `file:///C:/a`), so URIs are
compared as paths. Finding the folder of a path is left to `folders`.
"""

from __future__ import annotations

import binascii
import os
import re
from base64 import urlsafe_b64decode
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Final
from urllib.parse import unquote, urlsplit

UNSAVED: Final = frozenset({"untitled", "buffer", "inmemory"})
"""Schemes of text that was never saved: of VS Code and others, of Sublime Text, of Monaco."""

_DRIVE: Final = re.compile(r"^/[A-Za-z]:(?=/|$)")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]+")
_CELL: Final = "vscode-notebook-cell"


def scheme(uri: str) -> str:
    """The URI's scheme in small letters; empty for text that is no URI."""
    head, colon, _ = uri.partition(":")
    return head.lower() if colon else ""


def path_from_uri(uri: str, *, windows: bool = os.name == "nt") -> PurePath | None:
    """The path that a `file:` URI names; None for other schemes and for text that is no URI."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme.lower() != "file":
        return None
    # A "?" or "#" that the client forgot to escape belongs to the file's name.
    tail = uri.split(":", 1)[1]
    path = unquote(tail[2 + len(parts.netloc) :] if tail.startswith("//") else tail)
    if "\0" in path:  # no system has such files, and the calls for them raise
        return None
    if windows:
        return _windows_path(unquote(parts.netloc), path.replace("\\", "/"))
    return PurePosixPath("/" + path.lstrip("/")) if path.startswith("/") else None


def _windows_path(host: str, path: str) -> PureWindowsPath | None:
    if host and host != "localhost":
        return PureWindowsPath(f"//{host}{path}")
    local = "/" + path.lstrip("/")
    if _DRIVE.match(local):
        # "C:" alone would mean the drive's current folder.
        return PureWindowsPath(f"{local[1].upper()}{local[2:]}" + ("/" if len(local) == 3 else ""))
    return PureWindowsPath(f"/{local}") if path.startswith("//") else None


def path_in_uri(uri: str, *, windows: bool = os.name == "nt") -> PurePath | None:
    """The absolute path in a URI of any scheme, without its host; None if it has none."""
    if scheme(uri) == "file":
        return path_from_uri(uri, windows=windows)
    return path_from_uri(f"file:{_path(uri)}", windows=windows)


def notebook_of_cell(uri: str) -> str | None:
    """The URI of the notebook that VS Code names in the URI of a cell; None for any other URI."""
    if scheme(uri) != _CELL:
        return None
    path, own = _path(uri), _notebooks_scheme(uri)
    if own is None:
        own = "file" if path.startswith("/") else "untitled"
    if own in ("file", "vscode-remote"):  # on a remote host the server runs itself
        return f"file://{path}"
    return own + uri.partition("#")[0].partition("?")[0].removeprefix(_CELL)


def _path(uri: str) -> str:
    """The path of a URI whose `?` and `#` are escaped where they belong to it, as VS Code's are."""
    path = uri.partition(":")[2].partition("#")[0].partition("?")[0]
    return "/" + path[2:].partition("/")[2] if path.startswith("//") else path


def _notebooks_scheme(cell: str) -> str | None:
    """The scheme at the end of a cell's fragment: a number, an `s`, and the scheme in base 64."""
    code = unquote(cell.partition("#")[2]).partition("s")[2]
    try:
        own = urlsafe_b64decode(code + "=" * (-len(code) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return own if _SCHEME.fullmatch(own) else None


def relative_path(path: PurePath, root: PurePath) -> str | None:
    """`path` relative to `root`, with `/` between its parts; None if it is not below `root`."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return None


def file_name(uri: str) -> str:
    """The last part of the URI's path, for the log."""
    return unquote(uri.rstrip("/").rpartition("/")[2]) or uri
