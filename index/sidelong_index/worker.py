"""The index's thread: it loads, watches, scans, reads, publishes and saves.

`writer` does the work on files and documents, and `timer` says when it is due. Watching only
makes changes show sooner: the disk is scanned by the clock anyway.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sidelong_index.chunk import ChunkOptions
from sidelong_index.inbox import Inbox, Request
from sidelong_index.problem import unreadable
from sidelong_index.progress import Progress
from sidelong_index.rules import Reason
from sidelong_index.snapshot import Snapshot
from sidelong_index.store import cache_file, load, save
from sidelong_index.timer import Timer
from sidelong_index.walk import Listing, RootError
from sidelong_index.warnings import Warnings
from sidelong_index.watch import Coverage, Watcher
from sidelong_index.writer import Writer

logger = logging.getLogger(__name__)

_REPORT_EVERY_S = 0.05


class Worker:
    """Owns the writer and the watcher; belongs to the index's thread, public attributes apart."""

    def __init__(
        self,
        root: Path,
        exclude: Sequence[str],
        *,
        options: ChunkOptions,
        cache_dir: Path | None,
        watch: bool,
        inbox: Inbox,
        publish: Callable[[Snapshot], None],
        on_progress: Callable[[Progress], None] | None,
        on_warning: Callable[[str], None] | None,
    ) -> None:
        self._root = root
        self._exclude = tuple(exclude)
        self._options = options
        self._cache_dir = cache_dir
        self._file: Path | None = None
        self._inbox = inbox
        self._publish = publish
        self._on_progress = on_progress
        self._warnings = Warnings(on_warning)
        self._watcher: Watcher | None = None
        self._watch = watch
        self._timer = Timer(is_watching=watch)
        self._covered = 0
        """The last `wait` whose scan was done; it is over when all that was found is read."""
        self._has_scanned = False
        self._has_published = False
        self._is_ready = False
        self._was_busy = True
        self._unsaved = False
        self._files_read = 0
        self._reported_s = 0.0
        self._is_lost = False
        self.skipped: Mapping[str, Reason] = {}
        self.files_chunked = 0
        self.is_kept = cache_dir is not None
        self.coverage = Coverage()

    def run(self) -> None:
        """Work until the inbox says stop."""
        # Not in the constructor: the disk may stall, and the caller's thread must not.
        self._root = Path(os.path.realpath(self._root))
        self._file = _file_to_keep(self._cache_dir, self._root)
        self.is_kept = self._file is not None
        if self._watch:
            self._watcher = Watcher(self._root, self._inbox.post_hint)
        writer = Writer(
            self._root,
            self._exclude,
            options=self._options,
            kept=load(self._file, self._root, self._options) if self._file else None,
            ignore_case=sys.platform in ("win32", "darwin"),
            on_enter=self._watcher.enter if self._watcher else lambda _: None,
        )
        try:
            self._work(writer)
            self._save(writer)
        finally:
            if self._watcher is not None:
                self._watcher.stop()

    def _work(self, writer: Writer) -> None:
        while True:
            until_s = self._timer.next_s(is_busy=writer.is_busy, unsaved=self._unsaved)
            request = self._inbox.take(until_s)
            if request.stop:
                break
            try:
                self._serve(writer, request)
            except Exception:
                logger.exception("The index of %s goes on after an error", self._root)
                self._covered = 0
                self._timer.pause()

    def _serve(self, writer: Writer, request: Request) -> None:
        """One round: take note of the requests, look at the disk if it is time, do a bite."""
        begins_to_watch = self._watcher is not None and self._watcher.check()
        if request.exclude is not None:
            writer.set_exclude(request.exclude)
        for path, text in request.documents.items():
            if text is None:
                writer.close(path)
            else:
                writer.open(path, text)
        if writer.hint(request.hints, lambda: not self._inbox.is_stopping):
            self._timer.scan_soon()
        must_scan = request.scan or request.exclude is not None or begins_to_watch
        if must_scan or self._timer.is_scan_due():
            self._scan(writer)
            self._covered = max(self._covered, request.ticket)
        if self._has_scanned:
            self._step(writer)
        if not writer.is_busy or not self._has_scanned:
            self._rest(writer)

    def _scan(self, writer: Writer) -> None:
        try:
            with self._timer.scanning():
                found = writer.scan(self._report_scan)
        except RootError as error:
            self._note_lost(str(error))
            return
        if found:
            self._has_scanned = True
            self._is_lost = False
            self._was_busy |= writer.is_busy
            self._note_coverage(writer)
            if writer.problem is not None:
                self._warnings.tell("limit", writer.problem.message(self._root))

    def _note_lost(self, reason: str) -> None:
        """Tell the user if there never was a root; one that is lost later may just be replaced."""
        if self._is_lost:
            return
        self._is_lost = True
        if self._has_scanned:
            logger.warning("%s cannot be read: %s; its index stays", self._root, reason)
        else:
            self._warnings.tell("root", unreadable(reason).message(self._root))
            self._report(Progress("unreadable", 0, 0, ""))

    def _note_coverage(self, writer: Writer) -> None:
        """Give back useless watches; scan the more often, the fewer folders are watched."""
        if self._watcher is None:
            return
        self.coverage = self._watcher.retain(writer.folders)
        self._timer.scan_unwatched(self.coverage.unwatched_share)
        if self.coverage.error is None:
            self._warnings.take_back("watches")
        else:
            self._warnings.tell("watches", self.coverage.message(self._root))

    def _step(self, writer: Writer) -> None:
        before = writer.remaining
        snapshot = writer.step(time.time_ns())
        self._files_read += before - writer.remaining
        self.files_chunked = writer.files_chunked
        if snapshot is not None:
            self._unsaved = self._file is not None
            self._publish(snapshot)
        elif not self._has_published:
            # All that was kept still holds.
            self._publish(writer.snapshot())
        self._has_published = True
        if writer.remaining:
            total = self._files_read + writer.remaining
            self._report(Progress("index", self._files_read, total, writer.upcoming))

    def _rest(self, writer: Writer) -> None:
        """Tell the listener and those who wait that all files found are read."""
        if self._was_busy and self._has_scanned:
            self._was_busy = False
            self._files_read = 0
            self._is_ready = True
            self.skipped = writer.skipped()
            files = writer.snapshot().files
            self._report(Progress("ready", files, files, ""))
        if self._timer.is_save_due():
            self._save(writer)
        self._inbox.finish(self._covered)

    def _save(self, writer: Writer) -> None:
        if self._unsaved and self._file is not None:
            self._unsaved = False
            self._timer.saved()
            self.is_kept = save(self._file, writer.kept(), self._root, self._options)

    def _report_scan(self, listing: Listing) -> bool:
        """Called for every entry; False once there is to be an end."""
        now_s = time.monotonic()
        if not self._is_ready and now_s - self._reported_s > _REPORT_EVERY_S:
            self._reported_s = now_s
            self._report(Progress("scan", len(listing.files), 0, next(reversed(listing.files), "")))
        return not self._inbox.is_stopping

    def _report(self, progress: Progress) -> None:
        if self._on_progress is None:
            return
        try:
            self._on_progress(progress)
        except Exception:
            logger.exception("Telling the progress failed")


def _file_to_keep(cache_dir: Path | None, root: Path) -> Path | None:
    """The file to keep the index in; none rather than one inside of the workspace."""
    if cache_dir is None:
        return None
    if Path(os.path.realpath(cache_dir)).is_relative_to(root):
        logger.warning("The index of %s is not kept: %s lies inside of it", root, cache_dir)
        return None
    return cache_file(cache_dir, root)
