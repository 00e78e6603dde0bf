"""The index of one root as a running thing, as the rest of the program sees it.

Its thread's work is in `worker`; requests from other threads go through `inbox`.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock, Thread

from sidelong_index.chunk import DEFAULT, ChunkOptions
from sidelong_index.inbox import Inbox
from sidelong_index.notebook import is_notebook, text_of
from sidelong_index.progress import Progress
from sidelong_index.rules import Reason
from sidelong_index.snapshot import Snapshot
from sidelong_index.watch import Coverage
from sidelong_index.worker import Worker

logger = logging.getLogger(__name__)

PATIENCE_S = 20.0
"""Seconds for an editor's index to end in, saving included."""


class Index:
    """The live index of the files below `root`, for any thread; only `stop` and `wait` wait.

    `exclude` are patterns as in a .gitignore. With a `cache_dir` the index is kept there between
    runs; without, nothing is ever written. `on_progress` and `on_warning` are called on the
    index's own thread, the latter with a message for the user. Making an index touches no disk.
    """

    def __init__(
        self,
        root: Path,
        *,
        exclude: Sequence[str] = (),
        cache_dir: Path | None = None,
        watch: bool = True,
        on_progress: Callable[[Progress], None] | None = None,
        on_warning: Callable[[str], None] | None = None,
        options: ChunkOptions = DEFAULT,
    ) -> None:
        self._root = root
        self._inbox = Inbox()
        self._snapshot = Snapshot(root=root)
        self._worker = Worker(
            root,
            exclude,
            options=options,
            cache_dir=cache_dir,
            watch=watch,
            inbox=self._inbox,
            publish=self._publish,
            on_progress=on_progress,
            on_warning=on_warning,
        )
        self._lock = Lock()
        self._thread = Thread(target=self._worker.run, name="sidelong-index", daemon=True)

    @property
    def snapshot(self) -> Snapshot:
        """The latest state; empty at first, and never in the middle of a change."""
        return self._snapshot

    @property
    def skipped(self) -> Mapping[str, Reason]:
        """The files left out for their name, size or content as of the latest scan, and why.

        Ignored files are not among them.
        """
        return self._worker.skipped

    @property
    def files_chunked(self) -> int:
        """The number of files cut so far; a file counts each time it is cut."""
        return self._worker.files_chunked

    @property
    def coverage(self) -> Coverage:
        """The number of folders that are read, and how many of them are watched."""
        return self._worker.coverage

    @property
    def is_kept(self) -> bool:
        """True if it is kept between runs; False without a `cache_dir`, or if writing there failed.

        Certain once the index has stopped, which is when it is saved.
        """
        return self._worker.is_kept

    def start(self) -> None:
        """Load what was kept, scan, and keep up from then on. Returns at once; idempotent."""
        with self._lock:
            if self._thread.ident is None:
                self._thread.start()

    def stop(self, timeout: float | None = PATIENCE_S) -> None:
        """Save and end, and wait for it; idempotent. The last snapshot stays.

        A disk that does not answer holds up nobody for more than `timeout` seconds, None for no
        limit: what the index has learnt in this run is then not saved.
        """
        self._inbox.post_stop()
        if self._thread.ident is None:
            return
        self._thread.join(timeout)
        if self._thread.is_alive():
            logger.warning("The index of %s has not ended within %.0f s", self._root.name, timeout)

    def open(self, path: str, text: str) -> None:
        """Let `text` stand for the file at `path` (relative, '/' separated) until it is closed.

        Call it for every change of the text: only the latest counts. The file need not exist.
        The text of a notebook is its JSON, or that of its cells.
        """
        cells = text_of(text) if is_notebook(path) else None
        self._inbox.post_document(path, text if cells is None else cells)

    def close(self, path: str) -> None:
        """Let the file on disk count again."""
        self._inbox.post_document(path, None)

    def set_exclude(self, exclude: Sequence[str]) -> None:
        """Leave out other files from now on."""
        self._inbox.post_exclude(exclude)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything said so far, and the disk as it is now, is in the snapshot.

        False after `timeout` seconds, or if the index was stopped. To call it again then goes on
        waiting for the same moment.
        """
        return self._inbox.wait(timeout)

    def _publish(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
