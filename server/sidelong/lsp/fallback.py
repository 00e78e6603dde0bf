"""The shipped model in the place of one that ended the last server.

Without it an editor restarts the server into the same file until it gives up. The next start after
that tries the user's model again, in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sidelong.engine import (
    Answer,
    Engine,
    MakeEngine,
    OnChange,
    Request,
    WeightsState,
    forget_trial,
)
from sidelong.lsp.crash_note import Crash, CrashNote
from sidelong.settings import UserSettings
from sidelong_index import Snapshot


class Fallback:
    """The models that are not used in this process, and the note about those that are.

    Owned by the event loop.
    """

    def __init__(self, make: MakeEngine, notes: Path, warn: Callable[[str], None]) -> None:
        """`notes` is the folder of the notes; `warn` shows a message to the user."""
        self._make = make
        self._note = CrashNote(notes)
        self._warn = warn
        self._crashed: dict[Path, Crash] = {}
        self._told: set[Path] = set()

    def start(self) -> None:
        """Learn which models ended the last server."""
        for crash in self._note.start():
            forget_trial(list(crash.models))
            self._crashed |= dict.fromkeys(crash.models, crash)

    def stop(self) -> None:
        """The process ends in good order; idempotent."""
        self._note.stop()

    def choose(self, user: UserSettings) -> UserSettings:
        """The user's settings, or with the shipped model where theirs ended the last server."""
        crashed = [path for path in _own(user) if path in self._crashed]
        if not crashed:
            return user
        self._tell(crashed[0])
        return replace(user, model=None, policy=None)

    def _tell(self, path: Path) -> None:
        if path in self._told:
            return
        self._told.add(path)
        when = "loaded" if self._crashed[path].loading else "completed with"
        self._warn(
            f"The language server ended while it {when} the model {path}, so the shipped model "
            f"completes until the next start. `sidelong doctor` tests {path.name}, and `sidelong "
            "model use auto` stays with the shipped one."
        )

    def make(self, user: UserSettings, on_change: OnChange) -> Engine:
        """An engine whose loading and running is noted."""
        return _Noted(self._make, user, on_change, self._note)


class _Noted:
    """An engine on a user's models; implements `Engine`."""

    def __init__(
        self, make: MakeEngine, user: UserSettings, on_change: OnChange, note: CrashNote
    ) -> None:
        self._note = note
        self._models = _own(user)
        self._on_change = on_change
        note.loading(self._models)
        self._engine = make(user, self._changed)

    async def ready(self) -> str:
        try:
            title = await self._engine.ready()
        except BaseException:
            self._note.ended(self._models)
            raise
        self._note.running(self._models)
        return title

    async def read_ahead(self, key: str, request: Request, snapshot: Snapshot | None) -> int:
        return await self._engine.read_ahead(key, request, snapshot)

    async def complete(self, key: str, request: Request, snapshot: Snapshot | None) -> Answer:
        return await self._engine.complete(key, request, snapshot)

    def unload_after(self, minutes: float) -> None:
        self._engine.unload_after(minutes)

    async def retire(self) -> None:
        await self._engine.retire()

    async def stop(self) -> None:
        await self._engine.stop()

    def _changed(self, state: WeightsState, error: BaseException | None) -> None:
        if state == "loading":
            self._note.loading(self._models)
        elif state == "loaded":
            self._note.running(self._models)
        else:
            self._note.ended(self._models)
        self._on_change(state, error)


def _own(user: UserSettings) -> list[Path]:
    return [path for path in (user.model, user.policy) if path is not None]
