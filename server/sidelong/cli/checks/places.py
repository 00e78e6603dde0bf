"""The cache folder, the config file, and the watching of the current folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.filesize import decimal

from sidelong import paths
from sidelong.cli.checks.finding import Finding
from sidelong.cli.workspace import is_too_wide
from sidelong_index import try_watching

LITTLE_DISK_BYTES: Final = 500_000_000

_INOTIFY: Final = Path("/proc/sys/fs/inotify")


def check_cache() -> Finding:
    """The cache folder: can it be written, and how much does it hold?"""
    folder = paths.cache_dir()
    size = _size(folder)
    details: dict[str, object] = {"path": str(folder), "size_bytes": size}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(
            "cache folder",
            "broken",
            f"{folder} cannot be written: {error.strerror}, so each start builds the index again",
            "Make it writable, or set the environment variable SIDELONG_CACHE_DIR.",
            details,
        )
    details["free_bytes"] = free
    fact = f"{folder}, {decimal(size)}, {decimal(free)} free"
    if free < LITTLE_DISK_BYTES:
        return Finding(
            "cache folder", "note", fact, "Make room on the disk; this folder may go too.", details
        )
    return Finding("cache folder", "ok", fact, details=details)


def check_config(problems: tuple[str, ...]) -> Finding:
    """The user's config file, with the problems found when it was read."""
    file = paths.config_file()
    details = {"path": str(file), "problems": list(problems)}
    if not file.exists():
        return Finding("config file", "ok", f"none at {file}, which is fine", details=details)
    if not problems:
        return Finding("config file", "ok", str(file), details=details)
    return Finding(
        "config file",
        "note",
        " ".join(problems),
        f"Correct {file}.",
        details,
    )


def check_watcher(root: Path, exclude: Sequence[str]) -> Finding:
    """Watch the folders of `root` as its index would, unless it is too wide to be indexed."""
    limits = {name: _limit(name) for name in ("max_user_watches", "max_user_instances")}
    watches = limits["max_user_watches"]
    limit = f"the system's limit is {watches:,}" if watches is not None else "there is no limit"
    if is_too_wide(root):
        return Finding("watcher", "ok", f"{root} is not indexed; {limit}", details=limits)
    coverage = try_watching(root, exclude)
    details = {**limits, "folders": coverage.folders, "watched": coverage.watched}
    if coverage.watched == coverage.folders:
        fact = f"{coverage.folders:,} folders of {root} can be watched; {limit}"
        return Finding("watcher", "ok", fact, details=details)
    remedy = (
        f"To watch them all, run `{coverage.remedy}`."
        if coverage.remedy
        else "Nothing needs doing: changes there are found with a delay."
    )
    return Finding("watcher", "note", f"{root}: {coverage.fact}", remedy, details)


def _limit(name: str) -> int | None:
    try:
        return int((_INOTIFY / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _size(folder: Path) -> int:
    """The bytes of all files below; a file that vanishes meanwhile counts nothing."""
    files = (Path(where) / name for where, _, names in os.walk(folder) for name in names)
    return sum(_file_size(file) for file in files)


def _file_size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
