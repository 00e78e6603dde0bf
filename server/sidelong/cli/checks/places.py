"""The cache folder, the config file, and the current folder, with its watching."""

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
from sidelong.files import make_private
from sidelong_index import Coverage, Survey, survey_root

LITTLE_DISK_BYTES: Final = 500_000_000

_INOTIFY: Final = Path("/proc/sys/fs/inotify")


def check_cache() -> Finding:
    """The cache folder: can it be written, and how much does it hold?"""
    folder = paths.cache_dir()
    size = _size(folder)
    details: dict[str, object] = {"path": str(folder), "size_bytes": size}
    try:
        make_private(folder)
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


def check_workspace(root: Path, exclude: Sequence[str]) -> list[Finding]:
    """List and watch `root` as its index would, unless it is too wide to be indexed."""
    if is_too_wide(root):
        fact = f"{root} is not indexed: it is a home or root folder"
        return [Finding("workspace", "ok", fact), _watcher(root, Coverage())]
    found = survey_root(root, exclude)
    return [_workspace(root, found), _watcher(root, found.coverage)]


def _workspace(root: Path, found: Survey) -> Finding:
    details = {"path": str(root), "files": found.files, "size_bytes": found.size_bytes}
    if found.problem is not None:
        fact = f"{root} {found.problem.fact}"
        return Finding("workspace", "note", fact, found.problem.remedy, details)
    too_large = sum(reason == "too large" for reason in found.skipped.values())
    fact = f"{root}, files to index: {found.files:,} ({decimal(found.size_bytes)})"
    if too_large:
        fact += f", too large: {too_large:,}"
    return Finding("workspace", "ok", fact, details={**details, "too_large": too_large})


def _watcher(root: Path, coverage: Coverage) -> Finding:
    limits = {name: _limit(name) for name in ("max_user_watches", "max_user_instances")}
    watches = limits["max_user_watches"]
    limit = f"the system's limit is {watches:,}" if watches is not None else "there is no limit"
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
