"""`workspace/didChangeConfiguration`: settings changed somewhere; read them all again."""

from __future__ import annotations

from collections.abc import Mapping

from lsprotocol import types

from sidelong.lsp.configuration import SECTION
from sidelong.lsp.server import Server


async def did_change_configuration(
    server: Server, params: types.DidChangeConfigurationParams
) -> None:
    """Use what was sent, for clients that cannot be asked, and read the config file again."""
    settings = params.settings
    if isinstance(settings, Mapping) and isinstance(settings.get(SECTION), Mapping):
        server.configuration.set_client(settings[SECTION], {})
    await server.reread()
