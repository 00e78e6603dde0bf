"""A session: all that the server remembers about one open document, apart from its text.

The document owns it, so nothing in it outlives the document.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from sidelong.engine import Answer
from sidelong.lsp.impression import Impression
from sidelong.lsp.question import Question
from sidelong.lsp.recall import Recall
from sidelong.lsp.suggestion import Suggestion


@dataclass(frozen=True)
class PrefetchTask:
    """The work on a question that the client has not asked yet."""

    question: Question
    task: asyncio.Task[Answer | None]


@dataclass(frozen=True)
class ReadAheadTask:
    """The reading for a question that the client may ask next, at the cursor that rests."""

    question: Question
    task: asyncio.Task[None]


@dataclass
class Answers:
    """The answers given in one document by the model in use, with the settings in use."""

    recall: Recall = field(default_factory=Recall)
    shown: Suggestion | None = None
    """The latest suggestion, which the user may accept."""
    prefetch: PrefetchTask | None = None

    def stop_prefetch(self) -> None:
        """Leave the model to others; idempotent."""
        if self.prefetch is not None:
            self.prefetch.task.cancel()
            self.prefetch = None


@dataclass
class Session:
    """The memory of one document; owned by the event loop."""

    answers: Answers = field(default_factory=Answers)
    newest: dict[str, str] = field(default_factory=dict)
    """The id of the newest request, by the key under which a newer one supersedes it."""
    read_ahead: ReadAheadTask | None = None
    """Gives no answer, so it goes on when the answers are forgotten."""
    impression: Impression | None = None
    """The suggestion on the screen, while acceptance is counted."""

    def forget_answers(self) -> None:
        """Begin again without answers: the settings or the model have changed.

        A request in progress keeps the old `Answers`, so its answer is forgotten with them.
        """
        self.answers.stop_prefetch()
        self.answers = Answers()

    def stop_work(self) -> None:
        """Stop prefetching and reading ahead, and leave the model to others; idempotent."""
        self.answers.stop_prefetch()
        if self.read_ahead is not None:
            self.read_ahead.task.cancel()
            self.read_ahead = None

    def end(self) -> None:
        """Stop the work for a closed document; a request that still waits is superseded."""
        self.stop_work()
        self.forget_answers()
        self.newest.clear()
