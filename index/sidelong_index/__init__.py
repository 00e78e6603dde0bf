"""A live index of a workspace's code: chunks, searched by the words they share.

This module is the public front; nothing outside this package imports from behind it.
"""

from sidelong_index.chunk import ChunkOptions
from sidelong_index.index import Index
from sidelong_index.live import LiveTree, parses
from sidelong_index.notebook import Cell, around_cell, join_cells
from sidelong_index.parse import language_of
from sidelong_index.progress import Progress
from sidelong_index.rules import Reason
from sidelong_index.secret_names import is_secret_name
from sidelong_index.secrets import MASK as SECRET_MASK
from sidelong_index.secrets import mask_secrets, secret_spans
from sidelong_index.snapshot import (
    QUERY_LINES,
    Exclusion,
    Hit,
    Snapshot,
    build,
    query_around,
    span_around,
)
from sidelong_index.store import remove_deleted
from sidelong_index.survey import Survey, survey_root
from sidelong_index.walk import select_files, select_texts
from sidelong_index.watch.coverage import Coverage

__all__ = [
    "QUERY_LINES",
    "SECRET_MASK",
    "Cell",
    "ChunkOptions",
    "Coverage",
    "Exclusion",
    "Hit",
    "Index",
    "LiveTree",
    "Progress",
    "Reason",
    "Snapshot",
    "Survey",
    "around_cell",
    "build",
    "is_secret_name",
    "join_cells",
    "language_of",
    "mask_secrets",
    "parses",
    "query_around",
    "remove_deleted",
    "secret_spans",
    "select_files",
    "select_texts",
    "span_around",
    "survey_root",
]
