"""The layers of settings: defaults, config file, initialization options, the editor's folders.

User-only settings never come from the editor's folder configuration, because a file inside the
workspace can carry it (`.vscode/settings.json`).
The names are defined in `sidelong.sections`; asking the editor is left to `server`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Final

from sidelong.configfile import ConfigFile, read_config_file
from sidelong.lsp.options import ServeOptions
from sidelong.lsp.waiting import result_within
from sidelong.sections import (
    Section,
    parse_settings,
    parse_user_settings,
    unknown_names,
    user_only_names,
)
from sidelong.settings import Settings, UserSettings

logger = logging.getLogger(__name__)

SECTION: Final = "sidelong"

IN_USE_WITHIN_S: Final = 30.0
"""More than the client has for telling its configuration; no request waits for ever."""


class Configuration:
    """Each layer as it came last; owned by the event loop."""

    def __init__(self, options: ServeOptions, warn: Callable[[str], None]) -> None:
        """`warn` shows a message to the user; each distinct message comes once."""
        self._options = options
        self._warn = warn
        self._warned: set[str] = set()
        self._file = ConfigFile()
        self._user: Section = {}
        """The user's own settings as the editor sent them, apart from any folder."""
        self._everywhere: Section = {}
        self._folders: dict[str, Section] = {}
        self._in_use = asyncio.Event()
        self._were_in_use = False

    def expect(self) -> None:
        """Settings have changed: requests wait until they are in use."""
        self._in_use.clear()

    def put_in_use(self) -> None:
        """From now on the folders have the settings that the client told."""
        self._were_in_use = True
        self._in_use.set()

    def leave(self) -> None:
        """What was expected does not come: requests go on with the settings that were in use."""
        if self._were_in_use:
            self._in_use.set()

    async def is_in_use(self) -> bool:
        """True once the client has told its configuration; False if it does not in time.

        Completing before, or while that changes, could be against the user's wishes.
        """
        if not self._in_use.is_set():
            with contextlib.suppress(TimeoutError):
                await result_within(IN_USE_WITHIN_S, self._in_use.wait())
        return self._in_use.is_set()

    def read_file(self) -> tuple[ConfigFile, list[str]]:
        """The config file and its problems; the only method that may be called off the loop."""
        return read_config_file(self._options.config_file)

    def set_file(self, read: tuple[ConfigFile, list[str]]) -> None:
        """Use the result of `read_file`."""
        self._file, messages = read
        self._tell(messages)

    def set_user(self, options: object) -> None:
        """Use the initialization options, or the params of `sidelong/didChangeUserSettings`."""
        self._user = section_of(options)

    def set_client(self, everywhere: object, folders: Mapping[str, object]) -> None:
        """Use the editor's configuration: one for documents in no folder, and one by folder URI."""
        self._everywhere = section_of(everywhere)
        self._folders = {uri: section_of(section) for uri, section in folders.items()}
        for section in (self._everywhere, *self._folders.values()):
            for name in user_only_names(section):
                self._log_once(
                    f"{name} is ignored in the editor's workspace configuration, which a file "
                    f"in the workspace can change. Set it in {self._options.config_file}."
                )

    def settings(self, uri: str | None = None, path: PurePath | None = None) -> Settings:
        """The settings of a folder, or by default of documents in no folder."""
        client = self._folders.get(uri, self._everywhere) if uri else self._everywhere
        settings = Settings()
        for section in (*self._file.layers(path), self._user, client):
            settings, messages = parse_settings(section, settings)
            self._tell(messages)
        return settings

    def user(self) -> UserSettings:
        """The user-only settings; the command line wins."""
        user = UserSettings()
        for section in (self._file.section, self._user, self._options.overrides):
            user, messages = parse_user_settings(section, user)
            self._tell(messages)
        self._tell(
            f"{name} is not a setting. Correct its spelling or remove it from the editor's "
            "initialization options."
            for name in unknown_names(self._user)
        )
        return user

    def offers_completion(self, file: ConfigFile) -> bool:
        """True if the user wants `textDocument/completion`.

        It is called before the client listens: `file` is not in use yet, and no message is shown.
        """
        user = UserSettings()
        for section in (file.section, self._user, self._options.overrides):
            user, _ = parse_user_settings(section, user)
        return user.completion

    def _tell(self, messages: Iterable[str]) -> None:
        for message in messages:
            if message not in self._warned:
                self._warned.add(message)
                logger.warning("%s", message)
                self._warn(message)

    def _log_once(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            logger.warning("%s", message)


def section_of(options: object) -> Section:
    """Our section, with or without its name around it or before its settings' names.

    Empty for anything that is no object.
    """
    if not isinstance(options, Mapping):
        return {}
    inner = options.get(SECTION)
    prefix = f"{SECTION}."
    dotted = {
        name.removeprefix(prefix): value
        for name, value in options.items()
        if isinstance(name, str) and name.startswith(prefix)
    }
    if isinstance(inner, Mapping):
        return {**inner, **dotted}
    plain = {name: value for name, value in options.items() if not str(name).startswith(prefix)}
    return {**plain, **dotted}
