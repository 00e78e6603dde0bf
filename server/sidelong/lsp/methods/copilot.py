"""Notifications of Copilot's language server that some editors send to every server.

That a part of a suggestion was taken is noted; the rest is taken silently, since an unknown
notification would be a warning in the log at every keystroke.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sidelong.lsp.methods.accepted import ACCEPTED
from sidelong.lsp.server import Server

PARTIALLY_ACCEPTED: Final = "textDocument/didPartiallyAcceptCompletion"
IGNORED: Final = ("textDocument/didShowCompletion", "textDocument/didFocus")


def ignore(_: object) -> None:
    """Do nothing."""


def partially_accepted(server: Server, params: object) -> None:
    """Note it; params that are not as we know them are ignored."""
    for id in _ids(params):
        server.acceptance.accepted(id)


def _ids(params: object) -> Iterator[str]:
    """The request that the item's own command names."""
    item = params.get("item") if isinstance(params, Mapping) else None
    command = item.get("command") if isinstance(item, Mapping) else None
    if not isinstance(command, Mapping) or command.get("command") != ACCEPTED:
        return
    arguments = command.get("arguments")
    for argument in arguments if isinstance(arguments, list) else []:
        if isinstance(argument, Mapping):
            yield str(argument.get("id"))
