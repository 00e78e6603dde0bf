"""The note of a running server about its models, so that the next one knows which ended it.

No exception tells of a library that ends the process. So each server keeps a file with the models
that it loads and runs, Python's fault handler adds the stack of a crash, and an orderly end deletes
the file. The note of a process that is gone is a crash if it was loading a model, or if the stack
shows that it was inside of llama.cpp; otherwise somebody killed it.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from sidelong.files import make_private
from sidelong.processes import is_running

logger = logging.getLogger(__name__)

_SUFFIX: Final = ".note"
_INSIDE: Final = 'llama.py"'
"""In the stack of a thread that is inside of llama.cpp."""


@dataclass(frozen=True)
class Crash:
    """The models of a process that they ended."""

    models: tuple[Path, ...]
    loading: bool
    """False if it happened inside of llama.cpp, at any time."""


class CrashNote:
    """The note of this process; owned by the event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._state: dict[str, list[str]] = {}

    def start(self) -> list[Crash]:
        """Begin the note of this process; the crashes of others, whose notes are deleted.

        Where the folder cannot be written nothing is noted.
        """
        crashes = take(self._folder)
        try:
            make_private(self._folder)
            path = self._folder / f"{os.getpid()}-{time.time()}{_SUFFIX}"
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            logger.warning("No note of the models is kept in %s: %s", self._folder, error)
            return crashes
        faulthandler.enable(self._file)
        # ggml would start a debugger first, and the editor would wait for that.
        os.environ.setdefault("GGML_NO_BACKTRACE", "1")
        return crashes

    def loading(self, models: Sequence[Path]) -> None:
        """These models are loading from now on."""
        self._write(loading=[str(path) for path in models])

    def ended(self, models: Sequence[Path]) -> None:
        """These models are loading no more, unless others have taken their place."""
        if self._state.get("loading") == [str(path) for path in models]:
            self._write(loading=[])

    def measuring(self, models: Sequence[Path]) -> None:
        """The speed of these models is measured from now on, beside those that answer."""
        self._write(measuring=[str(path) for path in models])

    def running(self, models: Sequence[Path]) -> None:
        """These models have been loaded and answer from now on."""
        self._write(loading=[], running=[str(path) for path in models])

    def stop(self) -> None:
        """Delete the note: this process ends in good order; idempotent."""
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            with suppress(OSError):
                Path(self._file.name).unlink(missing_ok=True)
            self._file = None

    def _write(self, **state: list[str]) -> None:
        self._state |= state
        if self._file is None:
            return
        try:
            self._file.truncate(0)
            self._file.write(json.dumps(self._state).encode() + b"\n")
        except OSError as error:
            logger.warning("The note of the models cannot be kept: %s", error)


def take(folder: Path) -> list[Crash]:
    """The crashes that the notes in the folder tell of; the notes of processes that are gone go."""
    crashes = [_take_one(path) for path in sorted(folder.glob(f"*{_SUFFIX}"))]
    return [crash for crash in crashes if crash is not None]


def _take_one(path: Path) -> Crash | None:
    """The crash that a note tells of; None if its process runs, or was ended by somebody."""
    try:
        pid, _, since_s = path.stem.partition("-")
        if is_running(int(pid), since_s=float(since_s)):
            return None
        line, _, stack = path.read_text(encoding="utf-8", errors="replace").partition("\n")
        path.unlink()
        return _crash(json.loads(line), stack) if line else None
    except (OSError, ValueError, AttributeError) as error:
        logger.warning("The note %s is not used: %s", path, error)
        return None


def _crash(state: dict[str, Any], stack: str) -> Crash | None:
    loading = tuple(map(Path, state.get("loading", ())))
    running = tuple(map(Path, state.get("running", ())))
    measuring = tuple(map(Path, state.get("measuring", ())))
    if loading:
        return Crash(loading, loading=True)
    if (measuring or running) and _INSIDE in stack:
        # One that answers has done so before; one that is measured may never have worked.
        return Crash(measuring or running, loading=False)
    return None
