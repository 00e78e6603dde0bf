"""The share of a workspace that is watched, and the message for the user if it is not all."""

import errno
from dataclasses import dataclass
from pathlib import Path

_REMEDIES = {
    errno.ENOSPC: (
        "the system's limit of inotify watches is reached",
        "sudo sysctl fs.inotify.max_user_watches=524288",
    ),
    errno.EMFILE: (
        "the system's limit of inotify instances is reached",
        "sudo sysctl fs.inotify.max_user_instances=512",
    ),
}


@dataclass(frozen=True)
class Coverage:
    """The folders that an index reads, and how many of them are watched."""

    folders: int = 0
    watched: int = 0
    error: OSError | None = None
    """The first refusal of the system; None if nothing was refused."""

    @property
    def unwatched_share(self) -> float:
        """0 where every folder is watched, 1 where none is."""
        return 1 - self.watched / self.folders if self.folders else 0.0

    @property
    def fact(self) -> str:
        """The number of folders that are not watched, and the reason."""
        unwatched = self.folders - self.watched
        return f"{unwatched:,} of {self.folders:,} folders are not watched: {self._reason[0]}"

    @property
    def remedy(self) -> str:
        """The command that raises the limit; '' where no command helps."""
        return self._reason[1]

    def message(self, root: Path) -> str:
        """The fact, its cost and its remedy, for the user."""
        advice = f" To watch them all, run `{self.remedy}`." if self.remedy else ""
        return f"{root}: {self.fact}. Changes there are found with a delay.{advice}"

    @property
    def _reason(self) -> tuple[str, str]:
        if self.error is None:
            return "they are new", ""
        unknown = (self.error.strerror or str(self.error), "")
        return _REMEDIES.get(self.error.errno or 0, unknown)
