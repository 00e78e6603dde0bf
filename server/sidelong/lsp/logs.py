"""The server's log: stderr or a file, never stdout.

It names a document by its file name and holds no code. pygls logs whole messages, so only its
warnings are let through.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Final

from sidelong.files import make_private

_OURS: Final = ("sidelong", "sidelong_index")
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure_logging(*, level: str, file: Path | None) -> None:
    """Write our log lines of `level` and above to the file, or to stderr if `file` is None."""
    handler = _file_handler(file) if file is not None else logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.addFilter(_is_worth_a_line)
    for name in (*_OURS, "pygls", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(level.upper() if name in _OURS else logging.WARNING)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """False for notifications that nobody asked for, such as each `didSave` of Eglot and ALE."""
    return not str(record.msg).startswith("Ignoring notification for unknown method")


def _file_handler(file: Path) -> logging.Handler:
    make_private(file.parent)
    return logging.FileHandler(file, encoding="utf-8")
