"""`sidelong/didChangeUserSettings`: an editor extension hands on the user's own settings.

It is how an extension changes the model without a restart: a file inside the workspace cannot
send a notification, so that user-only settings count here.
"""

from __future__ import annotations

from typing import Final

from sidelong.lsp.server import Server

USER_SETTINGS: Final = "sidelong/didChangeUserSettings"


async def did_change_user_settings(server: Server, params: object) -> None:
    """Replace the initialization options by the params."""
    server.configuration.set_user(params)
    await server.refresh()
