"""What an index's thread does, and when: load, scan, read, publish, save.

What that means for files and documents is in `writer`. Watching only makes it quicker: the disk is
scanned by the clock anyway, less often where a scan takes long.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sidelong_index.chunk import ChunkOptions
from sidelong_index.inbox import Inbox, Request
from sidelong_index.progress import Progress
from sidelong_index.rules import Reason
from sidelong_index.snapshot import Snapshot
from sidelong_index.store import load, save
from sidelong_index.walk import Listing
from sidelong_index.writer import Writer

logger = logging.getLogger(__name__)

SCAN_EVERY_S = 30.0
_SCAN_SHARE = 50
"""Scans by the clock take at most one part in so many of the time."""

_RESCAN_S = 1.0
_RESCAN_SHARE = 20
"""The same for scans because of hints; the hinted paths themselves are looked at at once."""

SAVE_EVERY_S = 600.0
_PAUSE_AFTER_ERROR_S = 5.0
_REPORT_EVERY_S = 0.05


class Worker:
    """Owns the writer. All but the three attributes to be read belongs to the index's thread."""

    def __init__(
        self,
        root: Path,
        exclude: Sequence[str],
        *,
        options: ChunkOptions,
        file: Path | None,
        inbox: Inbox,
        publish: Callable[[Snapshot], None],
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._root = root
        self._exclude = tuple(exclude)
        self._options = options
        self._file = file
        self._inbox = inbox
        self._publish = publish
        self._on_progress = on_progress
        self._timer = _Timer()
        self._covered = 0
        """The last `wait` whose scan was done; it is over when all that was found is read."""
        self._has_scanned = False
        self._has_published = False
        self._is_ready = False
        self._was_busy = True
        self._unsaved = False
        self._files_read = 0
        self._reported_s = 0.0
        self._said_lost = False
        self.skipped: Mapping[str, Reason] = {}
        self.files_chunked = 0
        self.is_kept = file is not None

    def run(self) -> None:
        """Until the inbox says stop."""
        writer = Writer(
            self._root,
            self._exclude,
            options=self._options,
            kept=load(self._file, self._root, self._options) if self._file else None,
            ignore_case=sys.platform in ("win32", "darwin"),
        )
        while True:
            request = self._inbox.take(self._timer.next_s(writer.is_busy, self._unsaved))
            if request.stop:
                break
            try:
                self._serve(writer, request)
            except Exception:
                logger.exception("The index of %s goes on after an error", self._root)
                self._covered = 0
                self._timer.pause()
        self._save(writer)

    def _serve(self, writer: Writer, request: Request) -> None:
        """One round: take note of what was asked, look at the disk if it is time, do a bite."""
        if request.exclude is not None:
            writer.set_exclude(request.exclude)
        for path, text in request.documents.items():
            if text is None:
                writer.close(path)
            else:
                writer.open(path, text)
        if writer.hint(request.hints):
            self._timer.scan_soon()
        if request.scan or request.exclude is not None or self._timer.is_scan_due():
            self._scan(writer)
            self._covered = max(self._covered, request.ticket)
        if self._has_scanned:
            self._step(writer)
        if not writer.is_busy or not self._has_scanned:
            self._rest(writer)

    def _scan(self, writer: Writer) -> None:
        with self._timer.scanning():
            found = writer.scan(self._report_scan)
        if found:
            self._has_scanned = True
            self._said_lost = False
            self._was_busy |= writer.is_busy
        elif not self._said_lost and not self._inbox.is_stopping:
            self._said_lost = True
            logger.warning("%s cannot be read; its index stays as it is", self._root)

    def _step(self, writer: Writer) -> None:
        before = writer.remaining
        snapshot = writer.step(time.time_ns())
        self._files_read += before - writer.remaining
        self.files_chunked = writer.files_chunked
        if snapshot is not None:
            self._unsaved = True
            self._publish(snapshot)
        elif not self._has_published:
            # What was kept is all still so.
            self._publish(writer.snapshot())
        self._has_published = True
        if writer.remaining:
            total = self._files_read + writer.remaining
            self._report(Progress("index", self._files_read, total, writer.upcoming))

    def _rest(self, writer: Writer) -> None:
        """All that was found is read."""
        if self._was_busy:
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
        """Called for every folder; whether to go on."""
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


class _Timer:
    """When the next scan and the next save are due. Belongs to the index's thread."""

    def __init__(self) -> None:
        self._scan_s = 0.0
        self._scanned_s = 0.0
        self._scan_took_s = 0.0
        self._save_s = 0.0
        self._pause_s = 0.0

    def next_s(self, is_busy: bool, unsaved: bool) -> float:
        """Until when nothing has to be done."""
        if is_busy:
            return self._pause_s
        return max(self._pause_s, min(self._scan_s, self._save_s if unsaved else self._scan_s))

    @contextmanager
    def scanning(self) -> Iterator[None]:
        started_s = time.monotonic()
        try:
            yield
        finally:
            self._scanned_s = time.monotonic()
            self._scan_took_s = self._scanned_s - started_s
            pause_s = max(SCAN_EVERY_S, _SCAN_SHARE * self._scan_took_s)
            self._scan_s = self._scanned_s + pause_s

    def scan_soon(self) -> None:
        pause_s = max(_RESCAN_S, _RESCAN_SHARE * self._scan_took_s)
        self._scan_s = min(self._scan_s, self._scanned_s + pause_s)

    def is_scan_due(self) -> bool:
        return time.monotonic() >= self._scan_s

    def saved(self) -> None:
        self._save_s = time.monotonic() + SAVE_EVERY_S

    def is_save_due(self) -> bool:
        return time.monotonic() >= self._save_s

    def pause(self) -> None:
        """After an error: do not try the same again at once, and then look at everything."""
        self._scan_s = 0.0
        self._pause_s = time.monotonic() + _PAUSE_AFTER_ERROR_S
