"""A breaker: after some failures in a row nobody waits for the remote model for a while; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FAILURES: Final = 3
REST_S: Final = 60.0


@dataclass
class Breaker:
    """Counts failures in a row; owned by the thread that completes."""

    failures: int = 0
    _until: float = 0.0

    @property
    def is_open(self) -> bool:
        """True from the failure that was one too many until the next answer."""
        return self.failures >= FAILURES

    def rests(self, now: float) -> bool:
        """True while nothing is to be sent; after that one request tries."""
        return self.is_open and now < self._until

    def failed(self, now: float) -> None:
        """A request failed."""
        self.failures += 1
        self._until = now + REST_S

    def answered(self) -> None:
        """A request was answered."""
        self.failures = 0
