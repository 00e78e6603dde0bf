"""`sidelong/didMoveCursor`: the cursor rests, and the next request may come there.

Clients send it when the cursor has not moved for about 300 ms, but not for each typed character.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lsprotocol import types

from sidelong.lsp.methods.explain import uri_in
from sidelong.lsp.reading import question_at
from sidelong.lsp.server import Server

DID_MOVE_CURSOR: Final = "sidelong/didMoveCursor"


def did_move_cursor(server: Server, params: object) -> None:
    """Read ahead at the params' `textDocument` and `position`; other params are ignored."""
    uri, position = uri_in(params), _position_in(params)
    doc = server.documents.get(uri) if uri is not None else None
    if doc is not None and position is not None:
        server.prefetch.read_ahead(doc, question_at(doc, position, server.encoding))


def _position_in(params: object) -> types.Position | None:
    position = params.get("position") if isinstance(params, Mapping) else None
    if not isinstance(position, Mapping):
        return None
    line, character = position.get("line"), position.get("character")
    if not isinstance(line, int) or not isinstance(character, int):
        return None
    try:
        return types.Position(line, character)
    except ValueError:  # Negative, or larger than the protocol's integers.
        return None
