"""The times at which the next scan, save and look at the watches are due."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

SCAN_EVERY_S = 30.0
_SCAN_SHARE = 50
"""Scans by the clock take at most one part in so many of the time."""

SCAN_UNWATCHED_EVERY_S = 3.0
_SCAN_UNWATCHED_SHARE = 20
"""The same where no folder is watched, so that nothing but these scans finds changes."""

_RESCAN_S = 1.0
_RESCAN_SHARE = 20
"""The same for scans because of hints; hinted paths themselves are looked at immediately."""

CHECK_EVERY_S = 2.0
"""A root that was replaced and watches that have ended are noticed after at most this."""

SAVE_EVERY_S = 600.0
_PAUSE_AFTER_ERROR_S = 5.0


class Timer:
    """Belongs to the index's thread."""

    def __init__(self, *, is_watching: bool) -> None:
        self._is_watching = is_watching
        self._scan_s = 0.0
        self._scanned_s = 0.0
        self._scan_took_s = 0.0
        self._save_s = 0.0
        self._pause_s = 0.0

    def next_s(self, *, is_busy: bool, unsaved: bool) -> float:
        """The moment until which nothing has to be done."""
        if is_busy:
            return self._pause_s
        due_s = min(self._scan_s, self._save_s if unsaved else self._scan_s)
        if self._is_watching:
            due_s = min(due_s, time.monotonic() + CHECK_EVERY_S)
        return max(self._pause_s, due_s)

    @contextmanager
    def scanning(self) -> Iterator[None]:
        """Take the time of a scan; the next one is due accordingly, as if all were watched."""
        started_s = time.monotonic()
        try:
            yield
        finally:
            self._scanned_s = time.monotonic()
            self._scan_took_s = self._scanned_s - started_s
            self._scan_s = self._scanned_s + pause_between_scans_s(self._scan_took_s, 0.0)

    def scan_unwatched(self, share: float) -> None:
        """Let the next scan be due the sooner, the larger the share of unwatched folders is."""
        pause_s = pause_between_scans_s(self._scan_took_s, share)
        self._scan_s = min(self._scan_s, self._scanned_s + pause_s)

    def scan_soon(self) -> None:
        """Scan as soon as the last scan's cost allows."""
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


def pause_between_scans_s(scan_took_s: float, unwatched_share: float) -> float:
    """The seconds to the next scan by the clock: fewer, the fewer folders are watched."""
    every_s = SCAN_UNWATCHED_EVERY_S if unwatched_share else SCAN_EVERY_S
    times = _SCAN_SHARE - unwatched_share * (_SCAN_SHARE - _SCAN_UNWATCHED_SHARE)
    return max(every_s, times * scan_took_s)
