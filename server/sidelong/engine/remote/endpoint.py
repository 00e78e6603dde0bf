"""The remote endpoint of the user's settings: where requests go, and the token that goes along.

The token comes from the environment or, where the package keyring is installed, from the keyring
of the system; from no file.
"""

from __future__ import annotations

import importlib
import ipaddress
import logging
import os
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from sidelong.engine.remote.characters import INFILL
from sidelong.errors import SettingsError
from sidelong.settings import UserSettings

log = logging.getLogger(__name__)

TOKEN: Final = "SIDELONG_REMOTE_TOKEN"
SERVICE: Final = "sidelong"
"""The service under which a keyring has the token; the user is the host."""


@dataclass(frozen=True)
class Endpoint:
    """An address, and all that a request to it needs besides the code."""

    url: str
    """Where completions are asked for."""
    base: str
    """The address as the user gave it."""
    host: str
    """Host and port, for people."""
    format: str
    timeout_s: float
    name: str | None = None
    """Of the model on the server; None for the only one."""
    token: str | None = field(default=None, repr=False)

    @property
    def is_infill(self) -> bool:
        """True for llama-server's `/infill`."""
        return self.format == INFILL

    @property
    def is_local(self) -> bool:
        """True if requests stay on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")

    @property
    def is_readable_on_the_way(self) -> bool:
        """True if the network sees the code."""
        return not self.url.startswith("https:") and not self.is_local


def endpoint_of(user: UserSettings) -> Endpoint | None:
    """The endpoint that the settings name; None if they name none.

    It may ask the system's keyring. Raises `SettingsError` if the settings are not to be used.
    """
    if user.remote is None:
        return None
    base = user.remote.rstrip("/")
    host = urlsplit(base).netloc
    if user.remote_format is None:
        raise SettingsError(
            f"sidelong.model.remote: {base} is not used, because nothing says in which format its "
            "model wants its prompts. Set sidelong.model.remoteFormat: docs/settings.md lists "
            "the formats."
        )
    root = base.removesuffix("/v1") if user.remote_format == INFILL else base
    path = "/infill" if user.remote_format == INFILL else "/completions"
    found = Endpoint(
        f"{root}{path}",
        base,
        host,
        user.remote_format,
        user.remote_timeout_ms / 1000,
        user.remote_name,
        _token(host),
    )
    if found.token and found.is_readable_on_the_way and not user.remote_plain_token:
        raise SettingsError(
            f"sidelong.model.remote: {base} is not used, because everybody on the way could read "
            f"the token. Use https, remove the token ({TOKEN} or the keyring's), or set "
            "sidelong.model.remotePlainToken to true."
        )
    return found


def problem_of(user: UserSettings) -> str | None:
    """The reason why the settings' endpoint cannot be used; None if it can, or if there is none."""
    try:
        endpoint_of(user)
    except SettingsError as error:
        return str(error)
    return None


def is_loopback(host: str) -> bool:
    """True for names and addresses of this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _token(host: str) -> str | None:
    token = (os.environ.get(TOKEN) or _from_keyring(host) or "").strip()
    if token and not (token.isascii() and token.isprintable()):
        raise SettingsError(
            f"sidelong.model.remote: the token for {host} has characters that no header can carry. "
            f"Correct {TOKEN} or the keyring's entry."
        )
    return token or None


def _from_keyring(host: str) -> str | None:
    try:
        keyring = importlib.import_module("keyring")
        found: str | None = keyring.get_password(SERVICE, host)
    except ModuleNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001 - whatever a system's keyring raises
        log.warning("The keyring cannot be asked for a token: %s", type(error).__name__)
        return None
    return found
