"""The paths of files and folders without links, found off the event loop and kept.

One file may be opened by several names: by a link to its folder, to a folder above it, or to the
file itself. Only the real path tells that they are one. Finding it asks the disk, which may stall,
so that is done once for each path, on a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import PurePath
from threading import Thread
from typing import Final

from sidelong.lsp.waiting import is_done

_WITHIN_S: Final = 1.0
"""Counted from the start of a search; a disk that takes longer delays no request again."""


class RealPaths:
    """The real paths found so far; owned by the event loop."""

    def __init__(self) -> None:
        self._found: dict[PurePath, PurePath] = {}
        self._sought: dict[PurePath, _Search] = {}

    def get(self, path: PurePath) -> PurePath:
        """The real path, or `path` itself while that is not known."""
        return self._found.get(path, path)

    def seek(self, path: PurePath, on_found: Callable[[], object]) -> None:
        """Look the path up if that was not done; `on_found` is called if it is a link's."""
        if path not in self._found and path not in self._sought:
            self._sought[path] = _Search(path, on_found, self._note)

    async def wait(self) -> None:
        """Wait until the paths sought so far are known, or the time for finding them is over."""
        loop = asyncio.get_running_loop()
        for search in list(self._sought.values()):
            await is_done(search.done, timeout_s=max(0.0, search.until_s - loop.time()))

    def forget(self, path: PurePath) -> None:
        """Look the path up again when it is sought again: links may have changed by then."""
        self._found.pop(path, None)
        self._sought.pop(path, None)

    def _note(self, search: _Search, real: PurePath) -> None:
        search.done.set_result(None)
        if self._sought.get(search.path) is search:
            del self._sought[search.path]
            self._found[search.path] = real
            if real != search.path:
                search.on_found()


class _Search:
    """One path on its way to the disk and back."""

    def __init__(
        self,
        path: PurePath,
        on_found: Callable[[], object],
        note: Callable[[_Search, PurePath], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._note = note
        self.path = path
        self.on_found = on_found
        self.until_s = self._loop.time() + _WITHIN_S
        self.done: asyncio.Future[None] = self._loop.create_future()
        # A daemon: nothing waits at the end for a disk that stalls.
        Thread(target=self._look, name="sidelong-real-path", daemon=True).start()

    def _look(self) -> None:
        real = type(self.path)(os.path.realpath(self.path))
        with contextlib.suppress(RuntimeError):  # The loop has ended meanwhile.
            self._loop.call_soon_threadsafe(self._note, self, real)
