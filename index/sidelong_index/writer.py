"""Keeps the segments in step with the disk and the open documents, one bite at a time.

It has no thread and no clock of its own: `worker` calls it, always from the same thread, and
publishes the snapshots that it returns.

The disk is the truth. A scan compares the files as they were read with the files as they are and
makes a list of those to read; `step` works off a bite of that list. An open document shadows its
file: while it is open the file counts as unknown, so that it is read again when the document is
closed.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sidelong_index.chunk import DEFAULT, ChunkOptions
from sidelong_index.problem import Problem, over_limit
from sidelong_index.rules import Reason, Skipped, check_text, read_text
from sidelong_index.scan import Known, Stamp, compare, digest_of, is_settled, is_unchanged
from sidelong_index.segments import Segments, compact
from sidelong_index.snapshot import Part, Snapshot
from sidelong_index.walk import Listing, Tree

_SMALLEST_BITE = 256 * 1024
_LARGEST_BITE = 2 * 1024 * 1024
"""Bytes read between two snapshots: two megabytes take about half a second."""

_BYTES_PER_CHUNK = 512
"""Roughly; bites grow with the index, so that early ones show results and late ones cost little."""


@dataclass(frozen=True)
class Kept:
    """The state worth keeping between runs: files as they were on disk, no unsaved text."""

    parts: tuple[Part, ...]
    known: Mapping[str, Known]


class Writer:
    """The mutable state of one root's index. Belongs to one thread.

    A path that is open is neither known nor pending.
    """

    def __init__(
        self,
        root: Path,
        exclude: Sequence[str] = (),
        *,
        options: ChunkOptions = DEFAULT,
        kept: Kept | None = None,
        ignore_case: bool = False,
        on_enter: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`on_enter` is called with each folder just before it is listed."""
        self._root = root
        self._on_enter = on_enter
        self._tree = Tree(root, exclude, on_enter=on_enter)
        self._ignore_case = ignore_case
        self._segments = Segments(options, kept.parts if kept else ())
        self._known: dict[str, Known] = dict(kept.known) if kept else {}
        """The files on disk as they were read, those left out for their content included."""
        self._pending: OrderedDict[str, Stamp] = OrderedDict()
        """Files to be read."""
        self._open: dict[str, str] = {}
        self._touched: set[str] = set()
        """Open documents that the index does not hold as they are now."""
        self._shown: set[str] = set()
        """Open documents that are in the index; others are refused."""
        self._gone: set[str] = set()
        """Paths that the index must no longer hold."""
        self._skipped: Mapping[str, Reason] = {}
        """Files left out for their name or size, as of the last scan."""
        self.folders: Sequence[str] = ()
        """The folders that were listed in the last scan; the root is ''."""
        self.problem: Problem | None = None
        """The root holds more than the index takes, as of the last scan."""
        self.files_chunked = 0

    @property
    def is_busy(self) -> bool:
        """True while `step` has something to do."""
        return bool(self._pending or self._touched or self._gone)

    @property
    def remaining(self) -> int:
        """The number of files that are waiting to be read."""
        return len(self._pending)

    @property
    def upcoming(self) -> str:
        """The file that is read next, or ''."""
        return next(iter(self._pending), "")

    def open(self, path: str, text: str) -> None:
        """From now on `text` stands for the file at `path`, whatever is on disk."""
        path = self._spelled(path)
        self._open[path] = text
        self._touched.add(path)
        self._known.pop(path, None)
        self._pending.pop(path, None)

    def close(self, path: str) -> None:
        """From now on the file on disk counts again."""
        path = self._spelled(path)
        if path in self._open:
            del self._open[path]
            self._touched.discard(path)
            self._shown.discard(path)
            self._check(path)

    def set_exclude(self, exclude: Sequence[str]) -> None:
        """Use other patterns from now on; the next scan applies them to the files on disk."""
        self._tree = Tree(self._root, exclude, on_enter=self._on_enter)
        self._touched.update(self._open)

    def hint(self, paths: Iterable[str], go_on: Callable[[], bool] = lambda: True) -> bool:
        """Look at some paths before the next scan; True if something may have changed there.

        No further path or entry is looked at once `go_on` returns False.

        A folder is looked at with all below it: it may have been moved here with its files.
        Ignored paths cost nothing more than finding that out.
        """
        walked: list[str] = []
        with self._tree.at_once():
            worth_a_scan = [
                self._hint(path, walked, go_on)
                for path in paths
                if path not in self._open and go_on()
            ]
        return any(worth_a_scan)

    def _hint(self, path: str, walked: list[str], go_on: Callable[[], bool]) -> bool:
        if self._tree.refuse(path) == "ignored":
            return False
        below = any(path.startswith(folder) for folder in walked)
        if path and not below and self._tree.is_folder(path):
            walked.append(f"{path}/")
            listing = self._tree.walk_below(path, lambda _: go_on())
            if listing is None:
                return False
            for file, stamp in listing.files.items():
                if file not in self._open:
                    self._suspect(file, stamp)
        self._check(path)
        return True

    def scan(self, go_on: Callable[[Listing], bool] = lambda _: True) -> bool:
        """Compare the files on disk with the known ones.

        False if `go_on` gave up. Then, and if the root cannot be listed, which raises
        `RootError`, nothing has changed.
        """
        listing = self._tree.walk(go_on)
        if listing is None:
            return False
        full = over_limit(len(listing.files), listing.size_bytes)
        self.problem = full if listing.is_cut else None
        self._skipped, self.folders = listing.skipped, listing.folders
        for path in self._open:
            listing.files.pop(path, None)
            if (self._refuse_open(path) is None) != (path in self._shown):
                self._touched.add(path)
        changes = compare(self._known, listing.files)
        unread = [path for path in self._pending if path not in listing.files]
        for path in (*changes.vanished, *unread):
            self._forget(path)
        self._pending = OrderedDict((path, listing.files[path]) for path in changes.suspect)
        return True

    def step(self, now_ns: int) -> Snapshot | None:
        """Do a bite of the work; the new snapshot, or None if nothing has changed.

        `now_ns` is the time on the clock that files are dated by.
        """
        files: dict[str, str] = {}
        for path in self._touched:
            self._show(path, files)
        self._touched.clear()
        self._read_bite(files, now_ns)
        gone = self._gone - files.keys()
        self._gone.clear()
        if not gone and not files:
            return None
        try:
            self._segments.replace(gone, files.items())
        except BaseException:
            # The index does not hold them, so nothing may be known of them.
            self._gone |= gone | files.keys()
            self._touched |= files.keys() & self._open.keys()
            for path in files:
                self._known.pop(path, None)
            raise
        self.files_chunked += len(files)
        return self.snapshot()

    def snapshot(self) -> Snapshot:
        """The index as it is now."""
        return self._segments.snapshot(self._root)

    def skipped(self) -> dict[str, Reason]:
        """The files left out and why, as of the last scan, except for ignored ones."""
        unread = {path: known.skipped for path, known in self._known.items() if known.skipped}
        return {**self._skipped, **unread}

    def kept(self) -> Kept:
        """The state to keep between runs, without open documents, which count as unknown."""
        parts = []
        for part in self._segments.parts:
            part = part.without([path for path in part.paths() if path not in self._known])
            if part.files:
                parts.append(part if part.alive.all() else compact(part))
        return Kept(tuple(parts), dict(self._known))

    def _check(self, path: str) -> None:
        """Look at one path on disk, as a scan would."""
        stamp = self._tree.look(path)
        if isinstance(stamp, Stamp):
            self._suspect(path, stamp)
        else:
            self._forget(path)

    def _suspect(self, path: str, stamp: Stamp) -> None:
        if not is_unchanged(self._known.get(path), stamp):
            self._pending[path] = stamp
            self._pending.move_to_end(path, last=False)

    def _forget(self, path: str) -> None:
        self._known.pop(path, None)
        self._pending.pop(path, None)
        self._gone.add(path)

    def _show(self, path: str, files: dict[str, str]) -> None:
        """Put an open document's text among the files, or its path among the gone ones."""
        if self._refuse_open(path) is None:
            self._shown.add(path)
            files[path] = self._open[path]
        else:
            self._shown.discard(path)
            self._gone.add(path)

    def _refuse_open(self, path: str) -> Reason | None:
        """The reason why an open document is left out; the rules for files hold for it, too."""
        text = check_text(self._open[path])
        return text.reason if isinstance(text, Skipped) else self._tree.refuse(path)

    def _read_bite(self, files: dict[str, str], now_ns: int) -> None:
        indexed = sum(part.chunks for part in self._segments.parts) * _BYTES_PER_CHUNK
        budget = min(max(indexed // 8, _SMALLEST_BITE), _LARGEST_BITE)
        while self._pending and budget > 0:
            path, stamp = self._pending.popitem(last=False)
            budget -= stamp.size
            self._read(path, stamp, files, now_ns)

    def _read(self, path: str, stamp: Stamp, files: dict[str, str], now_ns: int) -> None:
        data = self._tree.read(path)
        if data is None:
            self._forget(path)
            return
        digest = b"" if isinstance(data, Skipped) else digest_of(data)
        known = self._known.get(path)
        # A file that cannot be read now may be readable the next time.
        settled = is_settled(stamp, now_ns) and not isinstance(data, Skipped)
        if known is not None and known.digest == digest:
            self._known[path] = Known(stamp, digest, settled, known.skipped)
            return
        text = data if isinstance(data, Skipped) else read_text(data, path)
        if isinstance(text, Skipped):
            self._known[path] = Known(stamp, digest, settled, text.reason)
            self._gone.add(path)
        else:
            self._known[path] = Known(stamp, digest, settled)
            files[path] = text

    def _spelled(self, path: str) -> str:
        """The path as the disk spells it, where the disk does not tell `A.py` from `a.py`."""
        if not self._ignore_case or path in self._known or path in self._open:
            return path
        folded = path.casefold()
        spellings = chain(self._open, self._known, self._pending)
        return next((known for known in spellings if known.casefold() == folded), path)
