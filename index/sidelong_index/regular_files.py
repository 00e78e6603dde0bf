"""Reads files that somebody else may have put there: regular ones, of limited size, at once.

A link may lead out of the workspace, a device may never end, and a pipe makes its reader wait for
ever. So each file is checked before it is opened, since merely opening some devices has an effect,
and again afterwards, since somebody may have replaced it in between.

Every file that comes from a workspace or from git's configuration is read here.
"""

import errno
import logging
import os
import stat
from contextlib import suppress
from pathlib import Path

logger = logging.getLogger(__name__)

_OPEN = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOINHERIT", 0)
)
_NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = _OPEN | _NO_LINK | getattr(os, "O_DIRECTORY", 0)

_BELOW_OPEN_FOLDERS = os.open in os.supports_dir_fd and _NO_LINK != 0
"""True where a file can be opened by its name in an open folder; not on Windows."""


def read_file(file: Path, most_bytes: int, *, follow_link: bool = False) -> bytes:
    """The first `most_bytes` bytes of a regular file.

    Raises OSError if there is none, or if something else lies there: a folder, a device, a pipe
    or, unless `follow_link`, a link. Links in the path to its folder are always followed.
    """
    found = file.stat() if follow_link else file.lstat()
    _check(found, file)
    return _read(os.open(file, _OPEN | (0 if follow_link else _NO_LINK)), file, most_bytes)


def read_below(root: Path, path: str, most_bytes: int) -> bytes:
    """The first `most_bytes` bytes of the regular file at `path` ('/' separated) below `root`.

    Raises OSError as `read_file` does, and if any folder below the root is a link.
    """
    *folders, name = path.split("/")
    if not _BELOW_OPEN_FOLDERS:
        return _read_below_by_name(root, folders, name, most_bytes)
    folder = os.open(root, _FOLDER & ~_NO_LINK)
    try:
        for part in folders:
            inner = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        file = root / path
        _check(os.lstat(name, dir_fd=folder), file)
        return _read(os.open(name, _OPEN | _NO_LINK, dir_fd=folder), file, most_bytes)
    finally:
        os.close(folder)


def read_lines(file: Path, most_bytes: int, *, follow_link: bool = False) -> list[str]:
    """The lines of a small text file; [] if `read_file` cannot read it.

    Of a file larger than `most_bytes` the whole lines that fit come back, which is logged.
    """
    with suppress(OSError, ValueError):
        return _lines(file, read_file(file, most_bytes + 1, follow_link=follow_link), most_bytes)
    return []


def read_lines_below(root: Path, path: str, most_bytes: int) -> list[str]:
    """The lines of a small text file in a workspace, as `read_lines` and `read_below` read it."""
    with suppress(OSError, ValueError):
        return _lines(root / path, read_below(root, path, most_bytes + 1), most_bytes)
    return []


def _lines(file: Path, data: bytes, most_bytes: int) -> list[str]:
    if len(data) > most_bytes:
        data = data[: data.rfind(b"\n", 0, most_bytes) + 1]
        logger.warning("%s is read only as far as %d KB: shorten it.", file, most_bytes >> 10)
    # `Path.read_text` would end lines at a lone CR too, as in `Icon\r`, which macOS files hold.
    return data.decode("utf-8-sig", errors="replace").split("\n")


def _read_below_by_name(root: Path, folders: list[str], name: str, most_bytes: int) -> bytes:
    folder = root
    for part in folders:
        folder = folder / part
        if stat.S_ISLNK(folder.lstat().st_mode):
            raise OSError(errno.ELOOP, "a link to a folder", str(folder))
    return read_file(folder / name, most_bytes)


def _read(descriptor: int, file: Path, most_bytes: int) -> bytes:
    try:
        _check(os.fstat(descriptor), file)
        with open(descriptor, "rb", closefd=False) as data:
            return data.read(most_bytes)
    finally:
        os.close(descriptor)


def _check(found: os.stat_result, file: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(file))
