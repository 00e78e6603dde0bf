"""`sidelong/didChangeUserSettings`: an editor extension passes on the user's own settings.

An extension changes the model this way without a restart. A file inside the workspace cannot send
a notification, so user-only settings are allowed here.
"""

from __future__ import annotations

from typing import Final

from sidelong.lsp.server import Server

USER_SETTINGS: Final = "sidelong/didChangeUserSettings"


async def did_change_user_settings(server: Server, params: object) -> None:
    """Replace the initialization options by the params."""
    server.configuration.set_user(params)
    await server.refresh()
