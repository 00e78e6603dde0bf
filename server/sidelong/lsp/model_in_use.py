"""The model in use: loaded when the settings want one, replaced when they name another.

The model in use answers until its successor has been loaded and has passed its test. A successor
that fails changes nothing. Meanwhile both are in memory.
An engine that nobody asks frees its weights by itself, and loads them for the next request; that
only shows in the status here.
Running a model is left to `sidelong.engine`; this module tells the user when one cannot serve.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from sidelong import paths
from sidelong.engine import Engine, MakeEngine, Stopped, WeightsState
from sidelong.errors import SidelongError
from sidelong.lsp.progress import WorkDone
from sidelong.lsp.status import Status
from sidelong.settings import UserSettings

logger = logging.getLogger(__name__)


class ModelInUse:
    """One engine that answers, and at most one successor that loads; owned by the event loop."""

    def __init__(
        self,
        server: LanguageServer,
        make: MakeEngine,
        status: Status,
        on_successor: Callable[[], None],
    ) -> None:
        """`on_successor` is called when a successor has become the model in use."""
        self._server = server
        self._make = make
        self._status = status
        self._on_successor = on_successor
        self._wanted: UserSettings | None = None
        self._in_use: UserSettings | None = None
        self._title: str | None = None
        """The title of the engine in use; None until it has passed its test."""
        self._next: Engine | None = None
        self._loading: asyncio.Task[None] | None = None
        self._leaving: dict[asyncio.Task[None], Engine] = {}
        self._shown_error = ""
        self.engine: Engine | None = None
        """None while no model is wanted."""
        self.error: str | None = None
        """The reason why the wanted model cannot serve; the next call of `use` tries it again."""

    async def use(self, user: UserSettings | None) -> None:
        """Complete with the user's model from now on, or as soon as it is ready.

        The newest call wins. A model that failed is tried again. None lets go of every model and
        returns when they are gone.
        """
        if user is None:
            await self._let_go()
            return
        for each in (self.engine, self._next):
            if each is not None:
                each.unload_after(user.unload_after_minutes)
        if user == self._wanted and self.error is None:
            return
        self._wanted, self.error = user, None
        self._drop_next()
        if self._title is not None and user == self._in_use:
            self._say_ready(self._title)
            return
        engine = self._make(user, lambda state, error: self._changed(engine, user, state, error))
        if self._title is not None:
            self._next = engine
            self._status.model("ready", f"Completing with {self._title}; loading {_name(user)}")
        else:
            if self.engine is not None:
                self._leave(self.engine, at_once=True)
            self.engine, self._in_use = engine, user
            self._status.model("loading", f"Loading {_name(user)}")
        self._loading = asyncio.create_task(self._load(engine, user))

    async def _load(self, engine: Engine, user: UserSettings) -> None:
        bar = WorkDone(self._server, title="Loading model", message=_name(user))
        try:
            title = await engine.ready()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - told to the user, whatever it is
            self._fail(engine, _reason(user, error))
        else:
            self._take_over(engine, user, title)
        finally:
            bar.end(_name(user))

    def _take_over(self, engine: Engine, user: UserSettings, title: str) -> None:
        if engine is self._next and self.engine is not None:
            self._leave(self.engine, at_once=False)
            self._on_successor()
        self._next, self.engine, self._in_use = None, engine, user
        self._shown_error = ""
        self._say_ready(title)

    def _say_ready(self, title: str) -> None:
        self._title = title
        logger.info("Model %s is ready", title)
        self._status.model("ready", f"Completing with {title}")

    def _changed(
        self,
        engine: Engine,
        user: UserSettings,
        state: WeightsState,
        error: BaseException | None,
    ) -> None:
        """The weights of an engine that has served were freed, or load again for a request."""
        if engine is not self.engine or self._title is None or isinstance(error, Stopped):
            return
        if error is not None:
            self._fail(engine, _reason(user, error))
            return
        if state == "loaded":
            self._shown_error, self.error = "", None
        if self._next is not None:  # The status is about that one.
            return
        if state == "loaded":
            self._say_ready(self._title)
        elif state == "loading":
            self._status.model("loading", f"Loading {_name(user)} again")
        else:
            logger.info("Model %s is unloaded", self._title)
            self._status.model("ready", f"{self._title} is unloaded until the next request")

    def _fail(self, engine: Engine, message: str) -> None:
        self.error = message
        if engine is self._next:
            self._next = None
            self._leave(engine, at_once=True)
            self._status.model("ready", f"Completing with {self._title}. {message}")
            message = f"{message} Completions go on with {self._title}."
        else:
            self._status.model("error", message)
        logger.error("%s", message)
        if message != self._shown_error:
            self._shown_error = message
            self._server.window_show_message(
                types.ShowMessageParams(type=types.MessageType.Error, message=message)
            )

    def _drop_next(self) -> None:
        """Stop loading the successor."""
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        if self._next is not None:
            self._leave(self._next, at_once=True)
            self._next = None

    def _leave(self, engine: Engine, *, at_once: bool) -> None:
        """Let go of an engine without waiting; unless `at_once`, it finishes its requests."""
        task = asyncio.create_task(engine.stop() if at_once else engine.retire())
        self._leaving[task] = engine
        task.add_done_callback(self._leaving.pop)

    async def _let_go(self) -> None:
        self._drop_next()
        if self.engine is not None:
            self._leave(self.engine, at_once=True)
        self.engine = self._wanted = self._in_use = self._title = self.error = None
        self._status.model("off", "Switched off in the settings")
        leaving = dict(self._leaving)
        # Engines that still finish their requests are stopped: no client waits for the answers.
        await asyncio.gather(*leaving, *(engine.stop() for engine in leaving.values()))


def _reason(user: UserSettings, error: BaseException) -> str:
    """The reason why a model does not load, for people."""
    if isinstance(error, SidelongError):
        return str(error)
    logger.error("The model cannot be loaded", exc_info=error)
    fact = f"The model {_name(user)} cannot be loaded: {error}"
    return f"{fact}. See the log of the language server."


def _name(user: UserSettings) -> str:
    return (user.model or user.shipped or paths.default_model()).name
