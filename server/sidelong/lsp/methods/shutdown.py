"""`shutdown`: everything that was started stops, and what is kept is saved."""

from __future__ import annotations

from sidelong.lsp.server import Server


async def shutdown(server: Server, _: object) -> None:
    """Stop before answering, so that the client may kill us afterwards."""
    await server.close()
