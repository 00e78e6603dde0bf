"""Runs the server: over stdin and stdout, or for one client on a TCP port.

`transport` moves the bytes, `protocol` handles the messages, and `methods` holds the methods.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final

from sidelong.engine import MakeEngine, ModelEngine
from sidelong.lsp.client_watch import ClientWatch
from sidelong.lsp.framing import MOST_BODY_BYTES, Framer
from sidelong.lsp.logs import configure_logging
from sidelong.lsp.methods import register
from sidelong.lsp.options import ServeOptions
from sidelong.lsp.server import Server
from sidelong.lsp.transport import (
    StdioWriter,
    chunks_of_file,
    chunks_of_stream,
    start_of_client,
    take_stdio,
)
from sidelong.lsp.uris import file_name

logger = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"

_TOO_LARGE: Final = (
    f"The editor sent more than {MOST_BODY_BYTES >> 20} MB at once, {{}}. "
    "sidelong does not read so much and completes nothing in it. "
    "Split it and open it again to have it completed."
)


def serve_stdio(
    options: ServeOptions | None = None, *, make_engine: MakeEngine = ModelEngine
) -> int:
    """Serve the client on stdin and stdout until it ends; returns the exit code LSP prescribes.

    The rest of the process loses both files: its prints go to stderr.
    """
    options = options or ServeOptions()
    stdin, stdout = take_stdio()
    configure_logging(level=options.log_level, file=options.log_file)

    async def main() -> int:
        server = _server(options, make_engine)
        server.protocol.set_writer(StdioWriter(stdout))
        return await _converse(server, chunks_of_file(stdin))

    return asyncio.run(main())


def serve_tcp(
    options: ServeOptions | None = None,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    make_engine: MakeEngine = ModelEngine,
    on_listening: Callable[[int], None] | None = None,
) -> int:
    """Serve the first client that connects, for debugging; returns the exit code LSP prescribes.

    A connection that does not begin as LSP does, such as a browser's, gets no answer.

    Port 0 takes any free port; `on_listening` gets its number.
    """
    options = options or ServeOptions()
    configure_logging(level=options.log_level, file=options.log_file)

    async def main() -> int:
        code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        connected = False

        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connected
            start = await start_of_client(reader)
            if connected or start is None:
                writer.close()
                return
            connected = True
            server = _server(options, make_engine)
            server.protocol.set_writer(writer)
            try:
                code.set_result(await _converse(server, chunks_of_stream(reader, start)))
            finally:
                writer.close()

        listener = await asyncio.start_server(connect, host, port)
        bound: int = listener.sockets[0].getsockname()[1]
        logger.info("listening on %s:%d", host, bound)
        if on_listening is not None:
            on_listening(bound)
        async with listener:
            return await code

    return asyncio.run(main())


def _server(options: ServeOptions, make_engine: MakeEngine) -> Server:
    server = Server(options, make_engine)
    register(server)
    return server


async def _converse(server: Server, chunks: AsyncIterator[bytes]) -> int:
    """Handle messages until `exit`, a signal, or the end of the input or of the client."""
    reading = asyncio.ensure_future(_read(server, chunks))
    watch = server.client_watch = ClientWatch(reading.cancel)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Windows' loop has no signal handlers: there the process just ends.
        with contextlib.suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, reading.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    await server.protocol.shutdown_answered()
    await server.close()
    watch.stop()
    return 1 if server.protocol.exit_code is None else server.protocol.exit_code


async def _read(server: Server, chunks: AsyncIterator[bytes]) -> None:
    framer = Framer(partial(_too_large, server))
    async for chunk in chunks:
        garbage = framer.garbage
        for body in framer.feed(chunk):
            server.protocol.receive(body)
            if server.protocol.exit_code is not None:
                return
            # A handler's first step runs before the next message is looked at: a request sees
            # the document as it was when the request came.
            await asyncio.sleep(0)
        if framer.garbage > garbage:
            logger.warning("%d bytes belong to no message", framer.garbage - garbage)


def _too_large(server: Server, uris: set[str]) -> None:
    """Tell the user of a message that was passed over; the documents it names lost a change."""
    server.lose_step(uris)
    names = {file_name(uri) for uri in uris}
    what = f"of {names.pop()}" if len(names) == 1 else "most likely a large document"
    server.warn_once(_TOO_LARGE.format(what))
