"""Bring the kept index of a folder up to date, as an editor would, and print its figures.

The index lies in the cache folder; nothing is written into the folder itself.
Kept indexes of folders that have been deleted are deleted too.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from rich.filesize import decimal
from rich.table import Column, Table

from sidelong import paths
from sidelong.cli.config import load_config
from sidelong.cli.terminal import Terminal, warn
from sidelong.cli.workspace import existing_folder, indexed
from sidelong.errors import SidelongError
from sidelong.settings import Settings
from sidelong_index import remove_deleted


class CacheError(SidelongError):
    """The index could not be kept."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong index`."""
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: Namespace) -> int:
    """Index the folder and print its figures; raises `CacheError` if the index was not kept."""
    root = existing_folder(args.folder, "index")
    config = load_config(root)
    warn(*config.problems)
    report, is_kept = _index(root, config.settings)
    if args.json:
        print(json.dumps(report))
    else:
        _print(report)
    if not is_kept:
        raise CacheError(
            f"The index of {root} could not be kept in {paths.index_cache_dir()}, so it will be "
            "built again. Make room there, or set SIDELONG_CACHE_DIR to another folder, outside "
            "of the indexed one."
        )
    return 0


def _index(root: Path, settings: Settings) -> tuple[dict[str, Any], bool]:
    """Bring the index up to date; its figures for programs, and True if it was kept."""
    started = time.perf_counter()
    with indexed(root, exclude=settings.exclude, patience_s=0.0) as index:
        seconds = time.perf_counter() - started
        snapshot = index.snapshot
        skipped = Counter(index.skipped.values())
        read = index.files_chunked
    deleted = remove_deleted(paths.index_cache_dir())
    # Measured after the index has stopped, which is when it is saved.
    report = {
        "root": str(root),
        "files": snapshot.files,
        "chunks": snapshot.chunks,
        "files_read": read,
        "skipped": dict(skipped.most_common()),
        "seconds": round(seconds, 3),
        "cache_folder": str(paths.index_cache_dir()),
        "deleted": [str(folder) for folder in deleted],
        "cache_bytes": sum(file.stat().st_size for file in paths.index_cache_dir().glob("*.index")),
    }
    return report, index.is_kept


def _print(report: dict[str, Any]) -> None:
    files, read = report["files"], report["files_read"]
    kept = f", {files - read:,} of them kept from before" if read < files else ""
    table = Table.grid("", Column(overflow="fold"), padding=(0, 2))
    table.add_row("folder", report["root"])
    table.add_row("files", f"{files:,}{kept}")
    table.add_row("chunks", f"{report['chunks']:,}")
    table.add_row("left out", _reasons(report["skipped"]))
    table.add_row("time", f"{report['seconds']:.1f} s")
    table.add_row("cache", f"{decimal(report['cache_bytes'])} in {report['cache_folder']}")
    for folder in report["deleted"]:
        table.add_row("deleted", f"the index of {folder}, which is gone")
    Terminal(markup=False).print(table)


def _reasons(skipped: dict[str, int]) -> str:
    if not skipped:
        return "nothing but what git ignores"
    return ", ".join(f"{n:,} {reason}" for reason, n in skipped.items()) + "; and ignored files"
