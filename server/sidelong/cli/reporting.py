"""--report: the path is checked before the work, and the page is written after it."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from pathlib import Path

from sidelong.errors import SidelongError


class ReportError(SidelongError):
    """The page cannot be written."""


def add_report_option(parser: ArgumentParser, what: str) -> None:
    """Add `--report`; `what` says in the help what the page holds."""
    parser.add_argument("--report", type=Path, metavar="HTML", help=f"write a page with {what}")


def check_report(file: Path | None) -> None:
    """Raise `ReportError` if a page can certainly not be written there."""
    if file is None:
        return
    if not file.parent.is_dir():
        raise ReportError(f"{file.parent} is no folder. Give a report's path in one.")
    if file.is_dir():
        raise ReportError(f"{file} is a folder. Give the path of a report's file.")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise ReportError(f"{file} may not be written. Give a report's path where you may write.")


def write_report(file: Path, page: str, *, quiet: bool) -> None:
    """Write the page and print its path, unless `quiet`; raises `ReportError`."""
    sys.stdout.flush()
    try:
        # A page names paths, and on some systems paths are bytes that are no text.
        file.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise ReportError(
            f"{file}: the report could not be written to its end ({error.strerror or error}). "
            "Make room, or give --report a path elsewhere, and run it again."
        ) from None
    if not quiet:
        print(f"\nReport: {file}")
