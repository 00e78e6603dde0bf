"""Hears from the operating system which paths may have changed.

Events are hints: they say where to look and when, not what has changed. A scan finds the changes
that they miss; see `worker`.
"""

from sidelong_index.watch.coverage import Coverage
from sidelong_index.watch.watcher import Watcher

__all__ = ["Coverage", "Watcher"]
