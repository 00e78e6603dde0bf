"""A trial of an endpoint: a few lines of ours are completed there, twice, and timed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sidelong.engine.generate import Plan
from sidelong.engine.loading import connect
from sidelong.engine.model.protocol import Cancel
from sidelong.engine.prompt import Budget
from sidelong.engine.remote import wire
from sidelong.engine.remote.endpoint import Endpoint
from sidelong.engine.remote.generator import RemoteGenerator
from sidelong.engine.remote.wire import Failure
from sidelong.engine.selftest import PROBE

_BUDGET: Final = Budget(prefix=64, suffix=64, context=0, generated=16)


@dataclass(frozen=True)
class Timing:
    """One completion; milliseconds from the request."""

    first_ms: float
    """To the first text."""
    all_ms: float


@dataclass(frozen=True)
class Probe:
    """The outcome."""

    text: str = ""
    timings: tuple[Timing, ...] = ()
    """Of the first request, with its connection, and of the second."""
    problem: str = ""
    """Why there is no completion; empty if there is one."""
    status: int = 0
    """The HTTP status of a refusal."""
    server_says: str = ""
    """The server's own words about that."""
    models: tuple[str, ...] = ()
    """The names that the server knows, if it failed and can tell."""


def probe(endpoint: Endpoint) -> Probe:
    """Complete at the endpoint; no code of the user's is sent."""
    generator = connect(endpoint)
    try:
        text, first = _once(generator)
        text, second = _once(generator)
        return Probe(text, (first, second))
    except Failure as failure:
        return Probe(
            problem=str(failure),
            status=failure.status,
            server_says=wire.server_says(failure.body),
            models=_models(generator, failure),
        )
    finally:
        generator.close()


def _once(generator: RemoteGenerator) -> tuple[str, Timing]:
    start, came = time.perf_counter(), []

    def comes(_: str) -> bool:
        came.append(time.perf_counter())
        return False

    plan = Plan(context=(), owed=b"", max_tokens=_BUDGET.generated, stop=comes)
    received = generator.write(PROBE, (), _BUDGET, plan, Cancel())
    if received.generated is None:
        raise received.failure or Failure(received.use.problem)
    end = time.perf_counter()
    first = came[0] if came else end
    return received.generated.text, Timing((first - start) * 1000, (end - start) * 1000)


def _models(generator: RemoteGenerator, failure: Failure) -> tuple[str, ...]:
    if not failure.status:
        return ()
    try:
        listed = wire.parsed(generator.get("/models"))
    except Failure:
        return ()
    entries = listed.get("data") if isinstance(listed, Mapping) else None
    entries = entries if isinstance(entries, list) else []
    return tuple(str(each.get("id", "")) for each in entries if isinstance(each, Mapping))
