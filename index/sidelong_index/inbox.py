"""The requests that an index has not served yet; other threads meet the index's own here.

Equal requests are served once: of several texts of a document only the latest counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Condition
from time import monotonic

QUIET_S = 0.25
PATIENCE_S = 2.0
"""A user who types is waited for until they pause for the first, but no longer than the second."""

MAX_HINTS = 1000


@dataclass(frozen=True)
class Request:
    """Everything that is to be done at one moment."""

    documents: dict[str, str | None] = field(default_factory=dict)
    """Open documents and their text; None: closed."""
    hints: tuple[str, ...] = ()
    scan: bool = False
    exclude: tuple[str, ...] | None = None
    ticket: int = 0
    """The number of the last `wait` that this answers."""
    stop: bool = False


class Inbox:
    """Any thread may post; the index's thread takes."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._documents: dict[str, str | None] = {}
        self._hints: dict[str, None] = {}
        self._exclude: tuple[str, ...] | None = None
        self._scan = False
        self._first_s = 0.0
        self._last_s = 0.0
        self._stop = False
        self._posts = 0
        self._asked = 0
        self._taken = 0
        self._done = 0
        self._abandoned: tuple[int, int] | None = None
        """The ticket of a wait in vain, and how many posts there had been before it."""

    def post_document(self, path: str, text: str | None) -> None:
        """A document's latest text, or None: it was closed."""
        with self._changed:
            self._documents[path] = text
            self._touch()

    def post_hint(self, path: str) -> None:
        """Something may have changed at `path`. Too many hints to look at become one scan."""
        with self._changed:
            if len(self._hints) < MAX_HINTS:
                self._hints[path] = None
            else:
                self._scan = True
            self._touch()

    def post_exclude(self, exclude: Sequence[str]) -> None:
        """Use other patterns from now on."""
        with self._changed:
            self._exclude = tuple(exclude)
            self._touch()

    def post_stop(self) -> None:
        """Ask for the end: nothing else will be done."""
        with self._changed:
            self._stop = True
            self._changed.notify_all()

    @property
    def is_stopping(self) -> bool:
        """True once `post_stop` was called."""
        return self._stop

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until all that was posted before is done and the disk was scanned after that.

        False if that took too long, or if the index was stopped. A second call with nothing posted
        in between goes on waiting for the same moment.
        """
        with self._changed:
            ticket, posts = self._abandoned or (0, -1)
            self._abandoned = None
            if posts != self._posts:
                self._asked += 1
                ticket, posts = self._asked, self._posts
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._done >= ticket or self._stop, timeout_s)
            if self._done < ticket:
                self._abandoned = (ticket, posts)
            return self._done >= ticket

    def take(self, until_s: float) -> Request:
        """Everything posted, once typing pauses, another thread waits, or it is `until_s`."""
        with self._changed:
            while not self._is_urgent():
                due_s = min(until_s, self._due_s())
                now_s = monotonic()
                if now_s >= due_s:
                    break
                self._changed.wait(due_s - now_s)
            request = Request(
                self._documents,
                tuple(self._hints),
                self._scan or self._asked > self._taken,
                self._exclude,
                self._asked,
                self._stop,
            )
            self._documents, self._hints = {}, {}
            self._exclude, self._scan, self._taken = None, False, self._asked
            self._first_s = self._last_s = 0.0
            return request

    def finish(self, ticket: int) -> None:
        """The waits up to `ticket` are over: the snapshot holds all that they wait for."""
        with self._changed:
            self._done = max(self._done, ticket)
            self._changed.notify_all()

    def _touch(self) -> None:
        self._posts += 1
        self._last_s = monotonic()
        self._first_s = self._first_s or self._last_s
        self._changed.notify_all()

    def _is_urgent(self) -> bool:
        return self._stop or self._exclude is not None or self._asked > self._taken

    def _due_s(self) -> float:
        if not self._first_s:
            return float("inf")
        return min(self._last_s + QUIET_S, self._first_s + PATIENCE_S)
