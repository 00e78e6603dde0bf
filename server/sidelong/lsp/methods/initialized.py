"""`initialized`: the client listens now, and the work begins."""

from __future__ import annotations

import logging

from lsprotocol import types

from sidelong.lsp.configuration import SECTION
from sidelong.lsp.server import Server

logger = logging.getLogger(__name__)


async def initialized(server: Server, _: types.InitializedParams) -> None:
    """Ask to be told of changed settings, then read them, index the folders and load the model."""
    _watch_configuration(server)
    await server.start()


def _watch_configuration(server: Server) -> None:
    """Register for changed settings: VS Code reports them only to servers that do."""
    workspace = server.client_capabilities.workspace
    changes = workspace.did_change_configuration if workspace is not None else None
    if changes is None or not changes.dynamic_registration:
        return
    registration = types.Registration(
        id="sidelong-configuration",
        method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
        register_options={"section": SECTION},
    )
    server.protocol.send_request(
        types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams([registration])
    )
