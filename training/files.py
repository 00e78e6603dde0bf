"""Results on disk: whole or not there, and files that grow by lines.

Writing whole is `sidelong.files`', for the recipe as for the product.
"""

from __future__ import annotations

from pathlib import Path

from sidelong.files import whole, write_text

__all__ = ["cut_torn_line", "whole", "write_text"]


def cut_torn_line(path: Path) -> None:
    """Take back a last line that was not written to its end; without a file nothing is done."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        data = file.read()
        kept = data.rfind(b"\n") + 1
        if kept < len(data):
            file.truncate(kept)
