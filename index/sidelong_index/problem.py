"""Facts about a root that its user should know, each with its remedy."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """A fact about a root, without its name, and the remedy: half a sentence and a whole one."""

    fact: str
    remedy: str

    def message(self, root: Path) -> str:
        """The thing, the fact and the remedy, for the user."""
        return f"{root} {self.fact}. {self.remedy}"


def unreadable(reason: str) -> Problem:
    """The root cannot be listed; `reason` is the system's."""
    return Problem(
        f"cannot be read: {reason}",
        "Make it readable, or open another folder; until then its code helps no completion.",
    )


def over_limit(files: int, size_bytes: int) -> Problem:
    """The root holds more than the index takes; that holds so many files and bytes."""
    return Problem(
        f"holds more than the index takes: {files:,} files of {size_bytes / 1e6:,.0f} MB are in, "
        "deeper ones are not",
        "Leave folders out with the `exclude` setting, or open a smaller folder.",
    )
