"""Bring the kept index of a folder up to date, as an editor would, and say what is in it.

The index lies in the cache folder; nothing is written into the folder itself.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from sidelong import paths
from sidelong.cli.config import load_config
from sidelong.cli.workspace import indexed
from sidelong.errors import SidelongError


class FolderError(SidelongError):
    """There is no such folder."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong index`."""
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: Namespace) -> int:
    """Index the folder and print what there is."""
    if not args.folder.is_dir():
        raise FolderError(f"{args.folder} is no folder. Give the folder to index.")
    root = args.folder.resolve()
    report = _index(root)
    if args.json:
        print(json.dumps(report))
    else:
        _print(report)
    return 0
