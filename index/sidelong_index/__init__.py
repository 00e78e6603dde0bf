"""A live index of a workspace's code: chunks, searched by what words they share.

This module is the public front; nothing outside this package imports from behind it.
"""

from sidelong_index.chunk import ChunkOptions
from sidelong_index.index import Index
from sidelong_index.live import LiveTree, parses
from sidelong_index.parse import language_of
from sidelong_index.progress import Progress
from sidelong_index.rules import Reason
from sidelong_index.snapshot import Exclusion, Hit, Snapshot, build, query_around
from sidelong_index.store import remove_deleted
from sidelong_index.walk import select_files

__all__ = [
    "ChunkOptions",
    "Exclusion",
    "Hit",
    "Index",
    "LiveTree",
    "Progress",
    "Reason",
    "Snapshot",
    "build",
    "language_of",
    "parses",
    "query_around",
    "remove_deleted",
    "select_files",
]
