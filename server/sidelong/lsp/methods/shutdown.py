"""`shutdown`: the server stops everything it started and saves its indexes and counts."""

from __future__ import annotations

from sidelong.lsp.server import Server


async def shutdown(server: Server, _: object) -> None:
    """Stop before answering, so that the client may kill us afterwards."""
    await server.close()
