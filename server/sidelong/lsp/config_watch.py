"""Notices that the user's config file has become another, as `sidelong model use` makes it.

The file is asked for its state once a second: cheaper than watching a folder that holds the
settings of every program, and it works where watching does not.
What the file says is `configuration`'s.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeAlias

logger = logging.getLogger(__name__)

EVERY_S: Final = 1.0

_State: TypeAlias = tuple[int, int, int] | None


class ConfigWatch:
    """Tells of changes since it was made, once it is started; owned by the event loop."""

    def __init__(self, file: Path, changed: Callable[[], Awaitable[None]]) -> None:
        """`changed` is awaited once for each change that is seen."""
        self._file = file
        self._changed = changed
        self._seen = _state(file)
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Look no more; idempotent."""
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await asyncio.wait([watching])

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        # Before Python 3.12 `asyncio.wait_for`, which `changed` may use, can lose a cancellation.
        while self._watching is not None:
            await asyncio.sleep(EVERY_S)
            state = await loop.run_in_executor(None, _state, self._file)
            if state == self._seen:
                continue
            self._seen = state
            try:
                await self._changed()
            except Exception:
                logger.exception("The changed %s could not be put to use", self._file)


def _state(file: Path) -> _State:
    """What differs whenever the file does; None if there is none."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
