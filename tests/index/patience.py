"""Waiting for an index that runs in threads of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from sidelong_index import Index

PATIENCE_S: Final = 20.0
"""Less than the 30 seconds after which a scan by the clock finds everything anyway."""


def soon(condition: Callable[[], bool]) -> bool:
    """True if the condition comes true before patience ends."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.01)
    return True


def finds(index: Index, query: str) -> list[str]:
    """The paths of the chunks that answer the query."""
    return [hit.path for hit in index.snapshot.search(query, k=9)]
