"""A live index of a workspace's code: chunks, searched by what words they share.

This module is the public front; nothing outside this package imports from behind it.
"""

from sidelong_index.chunk import ChunkOptions
from sidelong_index.snapshot import Exclusion, Hit, Snapshot, build, query_around

__all__ = ["ChunkOptions", "Exclusion", "Hit", "Snapshot", "build", "query_around"]
