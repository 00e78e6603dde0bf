"""Notifications of Copilot's language server that some editors send to every server.

A partial acceptance is recorded. The others are ignored, because an unknown notification would
log a warning at every keystroke.
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
    """Record a partial acceptance; params of an unknown shape are ignored."""
    for id in _ids(params):
        server.acceptance.accepted(id)


def _ids(params: object) -> Iterator[str]:
    """The ids of the requests that the item's command names."""
    item = params.get("item") if isinstance(params, Mapping) else None
    command = item.get("command") if isinstance(item, Mapping) else None
    if not isinstance(command, Mapping) or command.get("command") != ACCEPTED:
        return
    arguments = command.get("arguments")
    for argument in arguments if isinstance(arguments, list) else []:
        if isinstance(argument, Mapping):
            yield str(argument.get("id"))
