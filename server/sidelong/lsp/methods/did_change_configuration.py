"""`workspace/didChangeConfiguration`: some settings changed; read them all again."""

from __future__ import annotations

from collections.abc import Mapping

from lsprotocol import types

from sidelong.lsp.configuration import SECTION
from sidelong.lsp.server import Server


async def did_change_configuration(
    server: Server, params: types.DidChangeConfigurationParams
) -> None:
    """Use the settings in the params, then read the config file and ask the client again.

    Only clients that cannot be asked for their configuration send the settings themselves.
    """
    settings = params.settings
    if isinstance(settings, Mapping) and isinstance(settings.get(SECTION), Mapping):
        server.configuration.set_client(settings[SECTION], {})
    await server.reread()
