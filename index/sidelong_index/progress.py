"""The progress of an index, as its listener is told."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Progress:
    """One moment of the work."""

    phase: Literal["scan", "index", "ready", "unreadable"]
    """Looking for files, reading them, up to date with all of them, or unable to list the root."""
    done: int
    """Files found, files read, or files in the index."""
    total: int
    """Files to read, or files in the index; 0: not known yet."""
    current: str
    """The file that is next, or ''."""
