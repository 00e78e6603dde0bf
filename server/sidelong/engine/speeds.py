"""The speeds of models on this machine, measured once and kept in the cache folder.

A speed holds for a model's file, the threads and layers that it runs on, and the build of
llama.cpp. Windows of an editor that start together measure one after the other, and the later ones
find what the first has kept.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from sidelong import paths
from sidelong.engine.model.protocol import Cancel, Model
from sidelong.engine.speed import Speed, measure
from sidelong.engine.threads import default_threads
from sidelong.engine.trial import llama_cpp_build
from sidelong.files import make_private, write_text
from sidelong.settings import UserSettings

log = logging.getLogger(__name__)

FORMAT: Final = 2
"""Of the file; one with another number counts for nothing."""

MOST: Final = 32
"""Speeds that are kept; the oldest goes first."""

LOCKED_S: Final = 30.0
"""Longer than any measurement takes; one that is suspended holds up nobody for ever."""

BETTER: Final = 1.1
"""A speed that a server has met counts if it is better by so much: work beside it only slows."""


@dataclass(frozen=True)
class Kept:
    """A kept speed, and its age."""

    speed: Speed
    age_s: float


def kept(path: Path, user: UserSettings) -> Kept | None:
    """The kept speed of a model; None if it was not measured on these threads with this build."""
    try:
        record = _read()[_key(path, user)]
        prefill, decode = float(record["prefill"]), float(record["decode"])
        age_s = time.time() - float(record["at"])
    except (OSError, KeyError, TypeError, ValueError):
        return None
    # A record that is damaged counts for nothing.
    usable = 0 < prefill < math.inf and 0 < decode < math.inf
    return Kept(Speed(prefill, decode), age_s) if usable else None


def keep(path: Path, user: UserSettings, speed: Speed) -> None:
    """Keep the speed for the next start; a full disk costs another measurement."""
    record = {
        "model": path.name,
        "prefill": round(speed.prefill, 2),
        "decode": round(speed.decode, 2),
        "at": time.time(),
    }
    try:
        speeds = {**_read(), _key(path, user): record}
        newest = sorted(speeds.items(), key=lambda item: _at(item[1]))[-MOST:]
        text = json.dumps({"format": FORMAT, "speeds": dict(newest)}, indent=1)
        write_text(paths.speed_file(), text + "\n")
    except OSError as error:
        log.warning("The speed of %s cannot be kept: %s", path.name, error)


def measured(
    model: Model, path: Path, user: UserSettings, cancel: Cancel, *, fresh_s: float = math.inf
) -> Speed:
    """The kept speed if it is younger than `fresh_s`; else a new one, which is kept.

    Takes seconds; empties the KV cache. Raises `Stopped` when `cancel` is set.
    """
    with alone(cancel):
        known = kept(path, user)
        if known is not None and known.age_s < fresh_s:
            return known.speed
        speed = measure(model, cancel)
        keep(path, user, speed)
        return speed


def learn(path: Path, user: UserSettings, prefill: float) -> None:
    """Keep the speed at which a server has really read, if that is better than the kept one."""
    known = kept(path, user)
    if known is not None and prefill > BETTER * known.speed.prefill:
        keep(path, user, Speed(prefill, known.speed.decode))


@contextmanager
def alone(cancel: Cancel) -> Iterator[None]:
    """Wait until no other process measures; `Stopped` when `cancel` is set."""
    # Imported here: it takes as long as loading a small model.
    import filelock

    lock = filelock.FileLock(paths.speed_file().with_suffix(".lock"), timeout=0)
    end = time.monotonic() + LOCKED_S
    try:
        make_private(paths.speed_file().parent)
        while not _has(lock) and time.monotonic() < end:
            cancel.check()
            time.sleep(0.05)
    except OSError as error:  # A folder that cannot be written, or a disk without locks.
        log.warning("Another process may measure at the same time: %s", error)
    try:
        yield
    finally:
        lock.release()


def _has(lock: Any) -> bool:
    from filelock import Timeout

    try:
        lock.acquire()
    except Timeout:
        return False
    return True


def _key(path: Path, user: UserSettings) -> str:
    """The facts that a measurement holds for."""
    facts = (
        path.name,
        path.stat().st_size,
        user.threads or default_threads(),
        user.gpu_layers,
        llama_cpp_build(),
    )
    return blake2b(repr(facts).encode(), digest_size=16).hexdigest()


def _read() -> dict[str, Any]:
    """The records by their keys; none where the file says nothing."""
    try:
        content = json.loads(paths.speed_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        return {}
    speeds = content.get("speeds")
    return dict(speeds) if isinstance(speeds, Mapping) else {}


def _at(record: Any) -> float:
    at = record.get("at") if isinstance(record, Mapping) else None
    return at if isinstance(at, float) else 0.0
