"""The measurement of the machine, once, while the small model already completes.

Nobody waits for it: it runs on a thread of its own, and the model that suits then takes over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager

from sidelong.engine import Cancel, Speed, Stopped
from sidelong.errors import SidelongError
from sidelong.settings import UserSettings
from sidelong.shipped import is_due, measure, suits

logger = logging.getLogger(__name__)


class Suiting:
    """At most one measurement; owned by the event loop."""

    def __init__(
        self,
        on_measured: Callable[[], Awaitable[None]],
        noted: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """`on_measured` is called when the speed has become known; `noted` is on meanwhile."""
        self._on_measured = on_measured
        self._noted = noted
        self._cancel = Cancel()
        self._task: asyncio.Task[None] | None = None
        self.speed: Speed | None = None
        """The speed that was measured by this process."""

    def begin(self, user: UserSettings) -> None:
        """Measure if that is due and the outcome matters; at most once a process."""
        if self._task is None and user.model is None and is_due(user):
            self._task = asyncio.create_task(self._measure(user))

    async def stop(self) -> None:
        """Stop measuring and wait for the end; idempotent."""
        self._cancel.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _measure(self, user: UserSettings) -> None:
        loop = asyncio.get_running_loop()
        try:
            with self._noted():
                speed = await loop.run_in_executor(None, measure, user, self._cancel)
            self.speed = speed
        except Stopped:
            return
        except SidelongError as error:
            logger.warning("The default model cannot be measured: %s", error)
            return
        logger.info(
            "The default model reads %.0f and writes %.0f tokens a second here: %s",
            speed.prefill,
            speed.decode,
            "it takes over" if suits(speed) else "the small one suits this machine better",
        )
        if not self._cancel.is_set():
            await self._on_measured()
