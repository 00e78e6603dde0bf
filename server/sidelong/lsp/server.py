"""The state of the language server: documents, folders, settings and the model in use.

Each LSP method has its file in `methods` and acts on this state.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from sidelong import __version__, paths
from sidelong.engine import MakeEngine
from sidelong.learnt import load_correction
from sidelong.lsp import status
from sidelong.lsp.acceptance import Acceptance
from sidelong.lsp.asking import Asking
from sidelong.lsp.client_watch import ClientWatch
from sidelong.lsp.config_watch import ConfigWatch
from sidelong.lsp.configuration import SECTION, Configuration
from sidelong.lsp.convert import Encoding
from sidelong.lsp.documents import Documents
from sidelong.lsp.fallback import Fallback
from sidelong.lsp.folders import Folder, Folders
from sidelong.lsp.history import History
from sidelong.lsp.indexing import Indexing
from sidelong.lsp.model_in_use import ModelInUse
from sidelong.lsp.notebooks import SYNCHRONISED, Notebooks
from sidelong.lsp.options import ServeOptions
from sidelong.lsp.prefetch import Prefetch
from sidelong.lsp.protocol import Protocol
from sidelong.lsp.remote_watch import RemoteWatch
from sidelong.lsp.suiting import Suiting
from sidelong.lsp.waiting import result_within
from sidelong.settings import UserSettings
from sidelong.shipped import choose

logger = logging.getLogger(__name__)

_CLIENT_ANSWERS_WITHIN_S: Final = 10.0


class Server(LanguageServer):
    """One client's server; everything in it belongs to the event loop."""

    protocol: Protocol

    def __init__(self, options: ServeOptions, make_engine: MakeEngine) -> None:
        super().__init__(
            "sidelong",
            __version__,
            notebook_document_sync=SYNCHRONISED,
            protocol_cls=Protocol,
            converter_factory=default_converter,
        )
        self.protocol.on_lost = self.lose_step
        self.documents = Documents()
        self.notebooks = Notebooks(self.documents)
        self.folders = Folders()
        self.history = History()
        self.acceptance = Acceptance(self.documents)
        self.status = status.Status(self._publish_status)
        self.configuration = Configuration(options, self._warn)
        self._config_watch = ConfigWatch(options.config_file, self.reread)
        self.config_file = self.configuration.read_file()
        """The config file as it was at the start; in use from `start` on."""
        self.indexing = Indexing(
            self,
            folders=self.folders,
            documents=self.documents,
            status=self.status,
            cache_dir=options.cache_dir,
            warn=self._warn,
            warn_once=self.warn_once,
        )
        self.fallback = Fallback(make_engine, paths.notes_dir(), self._warn)
        self.model = ModelInUse(self, self.fallback.make, self.status, self._forget_answers)
        self.remote_watch = RemoteWatch(self.status, self._warn)
        self._suiting = Suiting(self.refresh, self.fallback.measuring)
        self.asking = Asking(self.folders, self.notebooks, self.configuration, self.model)
        self.prefetch = Prefetch(self.documents, self.asking.prefetch, self.asking.read_ahead)
        self.client_watch: ClientWatch | None = None
        """Started by `initialize`, where the client's end is to end the server."""
        self._warned: set[str] = set()
        self._refreshes = 0
        self._refreshing = asyncio.Lock()

    @property
    def encoding(self) -> Encoding:
        """The position encoding agreed with the client."""
        return Encoding(self.server_capabilities.position_encoding or Encoding.Utf16)

    async def start(self) -> None:
        """Begin the work: the client listens now."""
        self.fallback.start()
        self.configuration.set_file(self.config_file)
        self._config_watch.start()
        await self.refresh()

    async def reread(self) -> None:
        """Read the config file again and act on all settings."""
        await self.refresh(self._read_file)

    async def refresh(self, first: Callable[[], Awaitable[None]] | None = None) -> None:
        """Ask the client for its configuration and act on it; the newest refresh wins.

        Requests that come from now on are answered with what comes of it. `first` is done before,
        in any case.
        """
        self._refreshes += 1
        this = self._refreshes
        self.configuration.expect()
        try:
            await self._refresh(this, first)
        finally:
            if this == self._refreshes:
                self.configuration.leave()

    async def _refresh(self, this: int, first: Callable[[], Awaitable[None]] | None) -> None:
        async with self._refreshing:
            if first is not None:
                await first()
            if this == self._refreshes:
                await self._pull_configuration()
            for folder in self.folders:
                if this == self._refreshes:
                    settings = self.configuration.settings(folder.uri, folder.path)
                    await self.indexing.apply(folder, settings)
                    await _load_correction(folder)
            user, problem = await self._suited()
            if this == self._refreshes:
                self._forget_answers()
                self.configuration.put_in_use()
                self.acceptance.on = user.count_acceptance
                self.remote_watch.begin(problem)
                # From `put_in_use` to here nothing is awaited: a request finds settings and model.
                await self.model.use(user if self._is_wanted() else None)
                if self._is_wanted() and not self.fallback.blames_default:
                    self._suiting.begin(user)

    async def _read_file(self) -> None:
        loop = asyncio.get_running_loop()
        self.configuration.set_file(await loop.run_in_executor(None, self.configuration.read_file))

    async def _suited(self) -> tuple[UserSettings, str | None]:
        """The user's own settings, with the shipped model that suits the machine.

        Without a remote model where that must not be used, and then with the reason.
        """
        loop = asyncio.get_running_loop()
        suiting = partial(
            choose,
            self.configuration.user(),
            unmeasured=paths.nano_model(),
            measured=self._suiting.speed,
        )
        user = self.fallback.choose(await loop.run_in_executor(None, suiting))
        return await loop.run_in_executor(None, self.remote_watch.choose, user)

    async def close(self) -> None:
        """Stop everything that was started; idempotent."""
        self._refreshes += 1
        self.configuration.leave()
        await self._config_watch.stop()
        await self._suiting.stop()
        self.prefetch.stop()
        await self.indexing.stop(self.folders)
        await self.model.use(None)
        await self.acceptance.close()
        self.fallback.stop()

    async def _pull_configuration(self) -> None:
        workspace = self.client_capabilities.workspace
        if workspace is None or not workspace.configuration:
            return
        folders = list(self.folders)
        items = [types.ConfigurationItem(section=SECTION)]
        items += [types.ConfigurationItem(scope_uri=f.uri, section=SECTION) for f in folders]
        asked = self.workspace_configuration_async(types.ConfigurationParams(items=items))
        try:
            everywhere, *rest = await result_within(_CLIENT_ANSWERS_WITHIN_S, asked)
        except Exception as error:  # noqa: BLE001 - the client's failure, whatever it is
            logger.warning("The client did not tell its configuration: %s", error)
            return
        sections = dict(zip((folder.uri for folder in folders), rest, strict=False))
        self.configuration.set_client(everywhere, sections)

    def _forget_answers(self) -> None:
        """Drop the answers given with other settings or by another model, in every document."""
        for doc in self.documents:
            doc.session.forget_answers()

    def _is_wanted(self) -> bool:
        """False if the settings switch completion off everywhere: then no model takes memory."""
        folders = list(self.folders)
        return (
            any(folder.settings.enabled for folder in folders)
            if folders
            else self.configuration.settings().enabled
        )

    def _publish_status(self, shown: status.Shown) -> None:
        self.protocol.notify(status.METHOD, shown.to_params())

    def lose_step(self, uris: Iterable[str]) -> None:
        """A change of these documents, or of cells of these notebooks, has not come through."""
        for doc in self.documents.named(uris):
            self.acceptance.gone(doc)
            doc.lose_step()
            self.indexing.overlay(doc)

    def warn_once(self, message: str) -> None:
        """Show the user a message that they have not seen yet."""
        if message not in self._warned:
            self._warned.add(message)
            logger.warning("%s", message)
            self._warn(message)

    def _warn(self, message: str) -> None:
        params = types.ShowMessageParams(type=types.MessageType.Warning, message=message)
        self.window_show_message(params)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log an error that pygls would show in a popup."""
        logger.error("%s: %s", getattr(source, "__name__", source), error)


async def _load_correction(folder: Folder) -> None:
    """Load the correction that was learnt for the folder, off the loop."""
    loop = asyncio.get_running_loop()
    folder.correction = await loop.run_in_executor(None, load_correction, folder.path)
