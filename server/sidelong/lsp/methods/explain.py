"""`sidelong/explain`: what became of the last request, and why nothing appeared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sidelong.lsp.server import Server

EXPLAIN: Final = "sidelong/explain"


def explain(server: Server, params: object) -> dict[str, Any]:
    """The server's status and its newest request, of `textDocument` if the params name one."""
    record = server.history.last(uri_in(params))
    return {
        "status": server.status.shown.to_params(),
        "request": None if record is None else record.to_json(),
    }


def uri_in(params: object) -> str | None:
    """The URI of the params' `textDocument`; None if they name none."""
    document = params.get("textDocument") if isinstance(params, Mapping) else None
    uri = document.get("uri") if isinstance(document, Mapping) else None
    return uri if isinstance(uri, str) else None
