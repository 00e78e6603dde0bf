"""HTTP to one endpoint: a stream of events that ends early, on a cancellation or at a deadline.

Its event loop runs on the caller's thread, and only while that waits. Certificates are verified,
redirects and proxies are not followed, so that nothing goes to another host.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Generator
from typing import Final, TypeVar

import httpx2

from sidelong.engine.model.protocol import Cancel
from sidelong.engine.remote.endpoint import Endpoint
from sidelong.engine.remote.names import NamesLoop
from sidelong.engine.remote.wire import NO_ROOM, Failure, is_too_long

T = TypeVar("T")

POLL_S: Final = 0.01
"""So late is a cancellation noticed."""

MOST_BYTES: Final = 1_000_000
"""Of one answer; a completion takes a few hundred bytes a token."""

_REFUSALS: Final = {
    401: "wants another token",
    403: "wants another token",
    404: "knows no such path, or no model of the name in model.remoteName",
}
_CLOSING_S: Final = 1.0
_IDLE_S: Final = 60.0


class Client:
    """The connections to an endpoint; owned by the thread that completes."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._loop = NamesLoop()
        headers = {"Accept-Encoding": "identity"}
        if endpoint.token:
            headers["Authorization"] = f"Bearer {endpoint.token}"
        self._http = httpx2.AsyncClient(
            headers=headers,
            follow_redirects=False,
            trust_env=False,
            timeout=None,
            limits=httpx2.Limits(max_connections=2, keepalive_expiry=_IDLE_S),
        )

    def events(
        self, body: bytes, *, deadline: float, cancel: Cancel
    ) -> Generator[bytes, None, None]:
        """The data of each event of the answer to a POST; closing the iterator closes the stream.

        `deadline` is a time of `time.monotonic`. Raises `Failure`, and `Stopped` when `cancel` is
        set.
        """
        source = self._events(body)
        try:
            while True:
                data = self._within(anext(source, None), deadline, cancel)
                if data is None:
                    return
                yield data
        finally:
            self._loop.run_until_complete(source.aclose())

    def get(self, url: str, *, deadline: float) -> bytes:
        """The body of the answer to a GET; raises `Failure`."""
        return self._within(self._get(url), deadline, Cancel())

    def close(self) -> None:
        """Close every connection; idempotent."""
        if not self._loop.is_closed():
            self._loop.run_until_complete(self._http.aclose())
            self._loop.close()

    def _within(self, work: Awaitable[T], deadline: float, cancel: Cancel) -> T:
        return self._loop.run_until_complete(self._waited(work, deadline, cancel))

    async def _waited(self, work: Awaitable[T], deadline: float, cancel: Cancel) -> T:
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                cancel.check()
                left = deadline - time.monotonic()
                if left <= 0:
                    wanted = f"{self._endpoint.timeout_s * 1000:.0f} ms"
                    raise Failure(f"has not completed within {wanted}")
                await asyncio.wait([task], timeout=min(POLL_S, left))
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=_CLOSING_S)
        try:
            return task.result()
        except httpx2.HTTPError as error:
            raise Failure(_fact(error), again=True) from None
        except httpx2.InvalidURL as error:
            raise Failure(f"has an address that is none: {error}") from None

    async def _events(self, body: bytes) -> AsyncGenerator[bytes, None]:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        async with self._http.stream(
            "POST", self._endpoint.url, content=body, headers=headers
        ) as response:
            await _check(response)
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
            if kind != "text/event-stream":
                raise Failure(f"answers with {kind or 'something'}, which is no stream of events")
            buffer, size = b"", 0
            async for data in response.aiter_raw():
                size += len(data)
                if size > MOST_BYTES:
                    raise Failure(f"sends more than {MOST_BYTES:,} bytes")
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    if line.startswith(b"error:"):  # an older llama-server's way
                        raise Failure("reports an error of its own in the middle of the text")
                    if line.startswith(b"data:"):
                        yield line[5:].strip()

    async def _get(self, url: str) -> bytes:
        async with self._http.stream("GET", url) as response:
            await _check(response)
            return await _start(response)


async def _check(response: httpx2.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    if response.has_redirect_location:
        raise Failure(f"redirects ({status}), which is not followed", status=status)
    body = await _start(response)
    fact = NO_ROOM if is_too_long(body) else _REFUSALS.get(status, "refuses")
    again = status in (429, 502, 503, 504)
    raise Failure(f"{fact} (status {status})", again=again, status=status, body=body)


async def _start(response: httpx2.Response) -> bytes:
    """The beginning of a body, in bounds."""
    found = b""
    async for data in response.aiter_raw():
        found += data
        if len(found) > MOST_BYTES:
            break
    return found[:MOST_BYTES]


def _fact(error: httpx2.HTTPError) -> str:
    done = "cannot be reached" if isinstance(error, httpx2.ConnectError) else "broke the connection"
    return f"{done}: {str(error) or type(error).__name__}"
