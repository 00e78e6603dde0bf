"""The methods of the server, one file each."""

from __future__ import annotations

from lsprotocol import types

from sidelong.lsp.methods.accepted import ACCEPTED, accepted
from sidelong.lsp.methods.copilot import IGNORED, PARTIALLY_ACCEPTED, ignore, partially_accepted
from sidelong.lsp.methods.did_change import did_change
from sidelong.lsp.methods.did_change_configuration import did_change_configuration
from sidelong.lsp.methods.did_change_user_settings import USER_SETTINGS, did_change_user_settings
from sidelong.lsp.methods.did_change_workspace_folders import did_change_workspace_folders
from sidelong.lsp.methods.did_close import did_close
from sidelong.lsp.methods.did_move_cursor import DID_MOVE_CURSOR, did_move_cursor
from sidelong.lsp.methods.did_open import did_open
from sidelong.lsp.methods.explain import EXPLAIN, explain
from sidelong.lsp.methods.indexed import INDEXED, indexed
from sidelong.lsp.methods.initialize import initialize
from sidelong.lsp.methods.initialized import initialized
from sidelong.lsp.methods.inline_completion import inline_completion
from sidelong.lsp.methods.shutdown import shutdown
from sidelong.lsp.server import Server


def register(server: Server) -> None:
    """Give the server its methods."""
    server.feature(types.INITIALIZE)(initialize)
    server.feature(types.INITIALIZED)(initialized)
    server.feature(types.SHUTDOWN)(shutdown)
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(did_open)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close)
    # Registered statically, whatever the client announces: Neovim 0.12 and Emacs expect that.
    # Without options pygls would not announce it at all.
    server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())(
        inline_completion
    )
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(did_change_configuration)
    server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(did_change_workspace_folders)
    server.feature(USER_SETTINGS)(did_change_user_settings)
    server.feature(DID_MOVE_CURSOR)(did_move_cursor)
    server.feature(EXPLAIN)(explain)
    server.feature(INDEXED)(indexed)
    server.command(ACCEPTED)(accepted)
    server.feature(PARTIALLY_ACCEPTED)(partially_accepted)
    for method in IGNORED:
        server.feature(method)(ignore)
