"""`workspace/executeCommand` with `sidelong.accepted`: a suggestion was accepted.

Each suggestion carries the command. VS Code, Neovim 0.12 and Emacs run it on acceptance, though
never on partial acceptance.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from lsprotocol import types

from sidelong.lsp.server import Server

logger = logging.getLogger(__name__)

ACCEPTED: Final = "sidelong.accepted"


def acceptance_of(request_id: str, which: int = 0) -> types.Command:
    """The command that reports the acceptance of a request's suggestion, counted from 0."""
    arguments = [{"id": request_id, "which": which}]
    return types.Command(title="Accepted", command=ACCEPTED, arguments=arguments)


def accepted(server: Server, *arguments: object) -> None:
    """Record the acceptance; arguments that are not ours are ignored."""
    for argument in arguments:
        if isinstance(argument, Mapping) and server.history.accept(str(argument.get("id"))):
            logger.debug("request %s: accepted", argument["id"])
            server.acceptance.accepted(str(argument["id"]))
            server.prefetch.accepted(str(argument["id"]), argument.get("which", 0))
