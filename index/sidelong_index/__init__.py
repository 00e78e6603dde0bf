"""A live index of a workspace's code: chunks, searched by what words they share.

This module is the public front; nothing outside this package imports from behind it.
"""

from sidelong_index.chunk import ChunkOptions
from sidelong_index.index import Index
from sidelong_index.notebook import Cell, around_cell, join_cells
from sidelong_index.progress import Progress
from sidelong_index.rules import Reason
from sidelong_index.snapshot import Exclusion, Hit, Snapshot, build, query_around
from sidelong_index.store import remove_deleted
from sidelong_index.walk import select_files

__all__ = [
    "Cell",
    "ChunkOptions",
    "Exclusion",
    "Hit",
    "Index",
    "Progress",
    "Reason",
    "Snapshot",
    "around_cell",
    "build",
    "join_cells",
    "query_around",
    "remove_deleted",
    "select_files",
]
