"""`sidelong/explain`: the outcome of the last request, and the reason if nothing appeared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sidelong.lsp.server import Server

EXPLAIN: Final = "sidelong/explain"


def explain(server: Server, params: object) -> dict[str, Any]:
    """The server's status and newest request, or the newest about the params' `textDocument`."""
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
