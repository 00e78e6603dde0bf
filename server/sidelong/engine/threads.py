"""The number of threads for llama.cpp: the default, and fewer while the machine is busy.

The threads of a pass wait for each other hundreds of times, so one of them that has to share its
core holds up all: on two cores with other work, twelve tokens took twenty times as long on two
threads as on one. The time of the passes themselves says when that happens.
"""

from __future__ import annotations

import os
from typing import Final

SLOW: Final = 2.5
"""A pass that takes this many times its due was held up."""

PATIENCE: Final = 2
"""Passes held up one after the other, before a thread less is tried."""

HOLD_S: Final = 4.0
"""Seconds on fewer threads before more are tried; doubled each time that comes too early."""

MOST_HOLD_S: Final = 64.0

HELPED: Final = 0.7
"""Fewer threads helped if a pass takes at most this share of its time on more."""

DEAREST: Final = 8.0
"""A pass of one token is due within the time of so many of a long one.

This holds on a machine that was busy from the start, too: waiting hardly delays a long pass.
"""


def default_threads() -> int:
    """Half of the processors this process may use, from 2 (where there are 2) to 8.

    The second hardware thread of a core, or an efficiency core, adds little to a matrix product,
    and the editor needs one, too. On a busy machine `Threads` makes do with fewer.
    """
    usable = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    )
    return max(min(2, usable), min(8, usable // 2))


class Threads:
    """Chooses the threads of the next pass by the time that the last ones took."""

    def __init__(self, most: int, *, adapts: bool = True) -> None:
        """Never fewer than `most` unless it `adapts`."""
        self.most = most
        self.now = most
        """The number for the next pass."""
        self._adapts = adapts and most > 1
        self._due: dict[bool, float] = {}
        """Seconds a token on all threads, at best, by whether a pass has one token or many."""
        self._held_up = 0
        self._before: tuple[bool, float] | None = None
        """The kind of pass that was held up, and its seconds a token on more threads."""
        self._until_s = 0.0
        self._hold_s = HOLD_S

    def took(self, n_tokens: int, seconds: float, at_s: float) -> None:
        """Learn from a pass of `n_tokens` that ended at `at_s`, on any clock."""
        if not self._adapts or 1 < n_tokens < 16:
            return
        one, per_token = n_tokens == 1, seconds / n_tokens
        if self.now < self.most:
            self._judge_fewer(one, per_token, at_s)
            return
        due = self._due.setdefault(one, per_token)
        if one and False in self._due:
            due = min(due, DEAREST * self._due[False])
        self._due[one] = min(self._due[one], per_token)
        self._held_up = self._held_up + 1 if per_token > SLOW * due else 0
        if self._held_up >= PATIENCE:
            self._fewer(one, per_token, at_s)

    def _judge_fewer(self, one: bool, per_token: float, at_s: float) -> None:
        """Stay on fewer threads for a while if that helped; else all passes are slower now."""
        if self._before is not None and self._before[0] == one:
            slowly, self._before = self._before[1], None
            if per_token > HELPED * slowly:
                if self.now > 1:
                    self._fewer(one, slowly, at_s)
                    return
                self._due[one] = slowly
                self._all()
                return
        if at_s >= self._until_s:
            self._all()
            self._until_s = at_s + self._hold_s

    def _all(self) -> None:
        self.now, self._held_up, self._before = self.most, 0, None

    def _fewer(self, one: bool, per_token: float, at_s: float) -> None:
        if self.now == self.most:
            too_early = at_s < self._until_s
            self._hold_s = min(MOST_HOLD_S, 2 * self._hold_s) if too_early else HOLD_S
        self.now = max(1, self.now // 2)
        self._held_up, self._before = 0, (one, per_token)
        self._until_s = at_s + self._hold_s
