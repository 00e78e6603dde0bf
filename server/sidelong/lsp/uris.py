"""File URIs to paths, POSIX and Windows, on any system.

Editors spell the same file differently (`file:///c%3A/a` and `file:///C:/a`), so URIs are
compared as paths. Finding the folder of a path is left to `folders`.
"""

from __future__ import annotations

import os
import re
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Final
from urllib.parse import unquote, urlsplit

_DRIVE: Final = re.compile(r"^/[A-Za-z]:(?=/|$)")


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
    if not windows:
        return PurePosixPath(path) if path.startswith("/") else None
    if parts.netloc and parts.netloc != "localhost":
        return PureWindowsPath(f"//{unquote(parts.netloc)}{path}")
    if not _DRIVE.match(path):
        return None
    # "C:" alone would mean the drive's current folder.
    return PureWindowsPath(f"{path[1].upper()}{path[2:]}" + ("/" if len(path) == 3 else ""))


def relative_path(path: PurePath, root: PurePath) -> str | None:
    """`path` relative to `root`, with `/` between its parts; None if it is not below `root`."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return None


def file_name(uri: str) -> str:
    """The last part of the URI's path, for the log."""
    return unquote(uri.rstrip("/").rpartition("/")[2]) or uri
