"""One index per workspace folder, fed with the open documents; owned by the event loop.

The index itself and its threads are `sidelong_index`'s; this module starts, feeds and stops it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from pygls.lsp.server import LanguageServer

from sidelong.lsp.documents import Document, Documents
from sidelong.lsp.folders import Folder, Folders
from sidelong.lsp.overlays import Overlays
from sidelong.lsp.progress import Newest, WorkDone
from sidelong.lsp.status import Status
from sidelong.settings import Settings
from sidelong_index import Index, Progress

logger = logging.getLogger(__name__)

_REPORT_EVERY_S: Final = 0.1


class Indexing:
    """Starts, feeds and stops the folders' indexes; no method waits for the disk."""

    def __init__(
        self,
        server: LanguageServer,
        *,
        folders: Folders,
        documents: Documents,
        status: Status,
        cache_dir: Path | None,
        warn: Callable[[str], None],
        warn_once: Callable[[str], None],
    ) -> None:
        self._server = server
        self._warn = warn
        self._warn_once = warn_once
        self._folders = folders
        self._overlays = Overlays(folders, documents)
        self._status = status
        self._cache_dir = cache_dir

    async def apply(self, folder: Folder, settings: Settings) -> None:
        """Give the folder its settings, and an index if they want one."""
        before, folder.settings = folder.settings, settings
        await self._find(folder)
        if not self._wants_index(folder):
            await self.stop([folder])
        elif folder.index is None:
            self._start(folder)
        elif before.exclude != settings.exclude:
            folder.index.set_exclude(settings.exclude)

    async def stop(self, folders: Iterable[Folder]) -> None:
        """Stop and save the folders' indexes; idempotent."""
        loop = asyncio.get_running_loop()
        indexes = []
        for folder in folders:
            if folder.index is not None:
                indexes.append(folder.index)
                folder.index = None
                self._status.indexing(folder.uri, None)
        await asyncio.gather(*(loop.run_in_executor(None, index.stop) for index in indexes))

    def overlay(self, doc: Document) -> None:
        """Let the open document shadow its file, in every folder that holds it."""
        self._overlays.put(doc)

    def remove_overlay(self, doc: Document) -> None:
        """Let the file on disk count again."""
        self._overlays.remove(doc)

    async def _find(self, folder: Folder) -> None:
        """Find the folder's real path; if that takes long, the open documents follow later."""
        if folder.path is not None:
            self._folders.real_paths.seek(folder.path, self._overlays.put_all)
            if (home := _home()) is not None:
                self._folders.real_paths.seek(home, lambda: None)
            await self._folders.real_paths.wait()

    def _wants_index(self, folder: Folder) -> bool:
        path = self._folders.real_path(folder)
        if path is None or not folder.settings.enabled or folder.settings.retrieval == "never":
            return False
        home, real = _home(), Path(str(path))
        if real == Path(real.anchor) or (
            home is not None and real in (home, self._folders.real_paths.get(home))
        ):
            # An editor started without a project: the index would read everything the user has.
            self._warn_once(
                f"{folder.path} is not indexed: it is a home or root folder. "
                "Open the project's own folder to complete with its code."
            )
            return False
        return True

    def _start(self, folder: Folder) -> None:
        bar = _Bar(self._server, self._status, folder)
        loop = asyncio.get_running_loop()

        def warn(message: str) -> None:
            with suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(self._warn, message)

        folder.index = Index(
            Path(str(folder.path)),
            exclude=folder.settings.exclude,
            cache_dir=self._cache_dir,
            on_progress=Newest(bar.receive).put,
            on_warning=warn,
        )
        bar.index = folder.index
        self._status.indexing(folder.uri, f"Indexing {folder.name}")
        folder.index.start()
        self._overlays.put_all()


class _Bar:
    """The progress of one folder's first indexing, for the user."""

    def __init__(self, server: LanguageServer, status: Status, folder: Folder) -> None:
        self.index: Index | None = None
        self._server = server
        self._status = status
        self._folder = folder
        self._work: WorkDone | None = None
        self._done = False
        self._reported_s = 0.0

    def receive(self, progress: Progress) -> None:
        # Later scans are too short and too many to show.
        if self._done or self._folder.index is not self.index:
            return
        if progress.phase == "unreadable":
            self._end("cannot be read")
            return
        if progress.phase == "ready":
            self._done = True
            self._end(f"{progress.total} files")
            logger.info(
                "%s is indexed: %d files, %d of them read in this run",
                self._folder.name,
                progress.total,
                self.index.files_chunked if self.index is not None else 0,
            )
            return
        now_s = asyncio.get_running_loop().time()
        if self._work is None:
            self._work = WorkDone(self._server, title="Indexing", message=self._folder.name)
        elif now_s - self._reported_s >= _REPORT_EVERY_S:
            self._reported_s = now_s
            percentage = 100 * progress.done // progress.total if progress.total else None
            self._work.report(f"{progress.done} of {progress.total} files", percentage)

    def _end(self, message: str) -> None:
        self._status.indexing(self._folder.uri, None)
        if self._work is not None:
            self._work.end(message)
            self._work = None


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None
