"""The cache folder, the config file, and the system's limits on watching files."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.filesize import decimal

from sidelong import paths
from sidelong.cli.checks.finding import Finding

LITTLE_DISK_BYTES: Final = 500_000_000
FEW_WATCHES: Final = 65_536
"""A folder takes one watch, and editors take theirs from the same limit."""

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


def check_watcher() -> Finding:
    """The system's limit on watched folders, against the need of a large workspace."""
    if not sys.platform.startswith("linux"):
        return Finding("watcher", "ok", "this system has no limit worth knowing")
    watches = _limit("max_user_watches")
    instances = _limit("max_user_instances")
    details = {"max_user_watches": watches, "max_user_instances": instances}
    if watches is None:
        return Finding(
            "watcher",
            "note",
            "no inotify here; changes on disk are found by looking now and then",
            "Nothing needs doing; completions see such changes within a minute.",
            details,
        )
    if watches < FEW_WATCHES:
        return Finding(
            "watcher",
            "note",
            f"{watches:,} folders can be watched, by all programs together",
            "For larger workspaces: sudo sysctl fs.inotify.max_user_watches=524288",
            details,
        )
    return Finding("watcher", "ok", f"{watches:,} folders can be watched", details=details)


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
