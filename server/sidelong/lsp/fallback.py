"""A shipped model in the place of one that ended the last server.

Without it an editor restarts the server into the same file until it gives up. In place of the
user's model serves a shipped one, and in place of `default` serves `nano`. The next start after
that tries the model again, the user's in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sidelong import paths
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
        """The settings, without the models that ended the last server.

        `user.shipped` is the shipped model that suits the machine.
        """
        own = [path for path in _own(user) if path in self._crashed]
        if own:
            self._tell(own[0])
            user = replace(user, model=None, policy=None)
        if self.blames_default:
            if user.model is None:  # told also where it was being measured, and `nano` served
                self._tell(paths.default_model())
            user = replace(user, shipped=paths.nano_model())
        return user

    @property
    def blames_default(self) -> bool:
        """True if the shipped `default` ended the last server."""
        return paths.default_model() in self._crashed

    def _tell(self, path: Path) -> None:
        if path in self._told:
            return
        self._told.add(path)
        if path == paths.default_model():
            self._warn(
                f"The language server ended inside of its model {path}, so the small model "
                "completes until the next start. `sidelong doctor` tests it. If it is damaged, "
                "install sidelong again; `sidelong model use nano` stays with the small one."
            )
            return
        when = "loaded" if self._crashed[path].loading else "completed with"
        self._warn(
            f"The language server ended while it {when} the model {path}, so the shipped model "
            f"completes until the next start. `sidelong doctor` tests {path.name}, and `sidelong "
            "model use auto` stays with the shipped one."
        )

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Note that the speed of the shipped `default` is measured meanwhile."""
        self._note.measuring([paths.default_model()])
        try:
            yield
        finally:
            self._note.measuring([])

    def make(self, user: UserSettings, on_change: OnChange) -> Engine:
        """An engine whose loading and running is noted."""
        return _Noted(self._make, user, on_change, self._note)


class _Noted:
    """An engine on a user's models; implements `Engine`."""

    def __init__(
        self, make: MakeEngine, user: UserSettings, on_change: OnChange, note: CrashNote
    ) -> None:
        self._note = note
        self._on_change = on_change
        self._own = _own(user)
        self._models = self._own or [user.shipped or paths.default_model()]
        self._note_loading()
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
            self._note_loading()
        elif state == "loaded":
            self._note.running(self._models)
        else:
            self._note.ended(self._models)
        self._on_change(state, error)

    def _note_loading(self) -> None:
        # A shipped model is small: who is killed while it loads was not killed for its memory.
        (self._note.loading if self._own else self._note.running)(self._models)


def _own(user: UserSettings) -> list[Path]:
    return [path for path in (user.model, user.policy) if path is not None]
