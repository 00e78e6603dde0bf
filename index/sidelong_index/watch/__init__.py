"""Hears from the operating system which paths may have changed.

Events are hints: they say where to look and when, never what is there. A scan finds what they
miss; see `worker`.
"""

from sidelong_index.watch.coverage import Coverage
from sidelong_index.watch.watcher import Watcher

__all__ = ["Coverage", "Watcher"]
