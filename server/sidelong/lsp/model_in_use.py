"""The model the server completes with: loaded when wanted, replaced when the user says so.

How a model works is `engine`'s and below; here is what the user is told when one does not.
"""

from __future__ import annotations

import asyncio
import logging

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from sidelong import paths
from sidelong.errors import SidelongError
from sidelong.lsp.engine import Engine, MakeEngine
from sidelong.lsp.progress import WorkDone
from sidelong.lsp.status import Status
from sidelong.settings import UserSettings

logger = logging.getLogger(__name__)


class ModelInUse:
    """At most one engine at a time; owned by the event loop."""

    def __init__(self, server: LanguageServer, make: MakeEngine, status: Status) -> None:
        self._server = server
        self._make = make
        self._status = status
        self._user: UserSettings | None = None
        self._watch: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self.engine: Engine | None = None
        """None while no model is wanted or one is being replaced."""
        self.error: str | None = None
        """Why the model could not be loaded; it is tried again with other settings."""

    async def use(self, user: UserSettings | None) -> None:
        """Complete with the user's model from now on; None lets go of the model.

        The model in use stays if the settings did not change; one that failed is tried again.
        """
        async with self._changing:
            if user == self._user and self.error is None:
                return
            await self._stop()
            self._user = user
            if user is None:
                self._status.model("off", "Switched off in the settings")
                return
            self._status.model("loading", f"Loading {_name(user)}")
            self.engine = self._make(user)
            self._watch = asyncio.create_task(self._tell_when_ready(self.engine, user))

    async def _stop(self) -> None:
        engine, self.engine, self.error = self.engine, None, None
        if self._watch is not None:
            self._watch.cancel()
        if engine is not None:
            await engine.stop()

    async def _tell_when_ready(self, engine: Engine, user: UserSettings) -> None:
        bar = WorkDone(self._server, title="Loading model", message=_name(user))
        try:
            await engine.ready()
        except SidelongError as error:
            self._fail(str(error))
        except asyncio.CancelledError:
            raise
        except Exception as error:
            logger.exception("The model cannot be loaded")
            self._fail(f"The model cannot be loaded: {error}. See the log of the language server.")
        else:
            logger.info("Model %s is ready", _name(user))
            self._status.model("ready", f"Completing with {_name(user)}")
        finally:
            bar.end(_name(user))

    def _fail(self, message: str) -> None:
        self.error = message
        logger.error("%s", message)
        self._status.model("error", message)
        self._server.window_show_message(
            types.ShowMessageParams(type=types.MessageType.Error, message=message)
        )


def _name(user: UserSettings) -> str:
    return (user.model or paths.default_model()).name
