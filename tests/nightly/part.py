"""A part of the nightly run: many random deeds from one seed, and the failures among them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Outcome:
    """The deeds of one part, counted while it runs."""

    what: str
    done: int = 0
    failures: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    """Counts that show what was done, such as the requests among the messages."""
    seconds: float = 0.0
    stopped: bool = False
    """True if Ctrl-C ended the part."""

    def count(self, note: str, n: int = 1) -> None:
        """Count something that a reader wants to know."""
        self.notes[note] = self.notes.get(note, 0) + n


Part = Callable[[Outcome, int, int, Path], None]
"""Does `count` deeds with a seed in an empty folder, and counts them in the outcome."""


def run(what: str, part: Part, *, count: int, seed: int, folder: Path) -> Outcome:
    """The outcome of a part; an error in the part itself is a failure of it.

    Ctrl-C ends the part, and what it has done until then counts.
    """
    outcome = Outcome(what)
    started_s = time.monotonic()
    try:
        part(outcome, count, seed, folder)
    except Exception as error:  # noqa: BLE001 - the other parts must go on
        outcome.failures.append(f"after {outcome.done:,}: {type(error).__name__}: {error}")
    except KeyboardInterrupt:
        outcome.stopped = True
    outcome.seconds = time.monotonic() - started_s
    return outcome
