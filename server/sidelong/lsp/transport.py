"""Bytes to and from the client: stdin and stdout, or one TCP connection.

`framing` cuts the bytes into messages, `protocol` handles them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator
from typing import BinaryIO, Final

logger = logging.getLogger(__name__)

_CHUNK_BYTES: Final = 65_536


class StdioWriter:
    """Writes messages to a file; used by the event loop only."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        """Send the bytes; a client that has gone away is no error, since its input ends too."""
        try:
            self._file.write(data)
            self._file.flush()
        except (OSError, ValueError) as error:
            logger.debug("The client does not listen any more: %s", error)

    def close(self) -> None:
        """Send nothing from now on."""
        self._file.close()


def take_stdio() -> tuple[int, BinaryIO]:
    """Take stdin and stdout for the protocol alone, as a file descriptor and a file.

    A later write to stdout, by a stray print or a C library, goes to stderr.
    A later read of stdin, such as a child process', finds it empty.
    """
    stdin, stdout = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(stdin, os.O_BINARY)
        msvcrt.setmode(stdout, os.O_BINARY)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout = sys.stderr
    return stdin, os.fdopen(stdout, "wb")


async def chunks_of_file(fd: int) -> AsyncIterator[bytes]:
    """The bytes of the file descriptor, until its end.

    A thread of its own never stops reading: while our answer waits for the client to read it, the
    client may be waiting for us to read its next request.
    It uses `os.read`, because a daemon thread inside a buffered reader holds a lock that the
    interpreter wants at exit.
    """
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        data = b"?"
        while data:
            try:
                data = os.read(fd, _CHUNK_BYTES)
            except OSError:
                data = b""
            try:
                loop.call_soon_threadsafe(chunks.put_nowait, data)
            except RuntimeError:
                return

    threading.Thread(target=read, name="sidelong-stdin", daemon=True).start()
    while data := await chunks.get():
        yield data


async def chunks_of_stream(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The bytes of a connection, until its end."""
    try:
        while data := await reader.read(_CHUNK_BYTES):
            yield data
    except ConnectionError as error:
        logger.debug("The connection is lost: %s", error)
