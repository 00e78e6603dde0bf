"""Waiting in a way that a cancellation always ends.

`asyncio.wait_for` is not used in this package: before Python 3.12 it loses a cancellation that
comes in the same turn of the loop as the result, and the request would never end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def is_done(future: asyncio.Future[Any], *, timeout_s: float | None = None) -> bool:
    """True once the future is done, False if it is not done after `timeout_s` seconds.

    It never raises the future's error, and cancelling the caller leaves the future running.
    """
    done, _ = await asyncio.wait([future], timeout=timeout_s)
    return bool(done)


async def result_within(timeout_s: float, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`; raises `TimeoutError` if there is none after `timeout_s` seconds.

    The work is cancelled when the time is up, and when the caller is cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        if await is_done(task, timeout_s=timeout_s):
            return task.result()
        raise TimeoutError(f"no answer within {timeout_s:g} s")
    finally:
        task.cancel()
