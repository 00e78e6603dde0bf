"""The user's view of a remote model: told once when it stops answering, and the status meanwhile.

Asking it, and completing here in its place, is left to `sidelong.engine`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sidelong.engine import Answer, remote_problem
from sidelong.lsp.status import Status
from sidelong.settings import UserSettings


class RemoteWatch:
    """Owned by the event loop, but for `choose`."""

    def __init__(self, status: Status, warn: Callable[[str], None]) -> None:
        """`warn` shows a message to the user."""
        self._status = status
        self._warn = warn
        self._told = ""
        self._is_away = False

    def choose(self, user: UserSettings) -> tuple[UserSettings, str | None]:
        """The settings, without a remote model that must not be used, and the reason for that.

        It may ask the system's keyring, so it is called off the loop.
        """
        problem = remote_problem(user)
        return (user if problem is None else replace(user, remote=None)), problem

    def begin(self, problem: str | None) -> None:
        """Other settings are in use; `problem` is what `choose` found."""
        self._is_away = False
        self._status.remote(None)
        if problem and problem != self._told:
            self._warn(f"{problem} The local model completes.")
        self._told = problem or ""

    def heard(self, answer: Answer) -> None:
        """An answer has come, by whichever model."""
        use = answer.remote
        if use is None or (use.problem and not use.is_resting):
            return
        if use.is_resting and not self._is_away:
            fact = f"The remote model at {use.host} fails again and again ({use.problem})"
            self._status.remote(f"{fact}: completing with {answer.model}")
            self._warn(
                f"{fact}, so the local model completes and the remote one is tried once a minute. "
                "`sidelong doctor` asks it for its reason."
            )
        elif not use.is_resting and self._is_away:
            self._status.remote(None)
        self._is_away = use.is_resting
