"""Notices changes to the user's config file, such as those of `sidelong model use`.

It looks at the file's state once a second. That is cheaper than watching the folder, which holds
the settings of every program, and it works where watching does not.
Reading the file is left to `configuration`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeAlias

from sidelong.lsp.waiting import is_done

logger = logging.getLogger(__name__)

EVERY_S: Final = 1.0

_State: TypeAlias = tuple[int, int, int] | None


class ConfigWatch:
    """Reports changes since its creation, once it is started; owned by the event loop."""

    def __init__(self, file: Path, changed: Callable[[], Awaitable[None]]) -> None:
        """`changed` is awaited once for each change that the watch sees."""
        self._file = file
        self._changed = changed
        self._seen = _state(file)
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look at the file."""
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop looking, and wait until the work on a change has ended; idempotent."""
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await is_done(watching)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        # Not `while True`: `changed` may swallow the cancellation.
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
    """Numbers that differ after every change of the file; None if there is no file."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
