"""An editor that is gone takes its server with it, whoever holds the pipes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

TIMEOUT_S = 30.0


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs until it is killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_server_whose_editor_was_killed_ends(raw: Any, other: subprocess.Popen[bytes]) -> None:
    raw.initialize(processId=other.pid)
    assert "result" in raw.call("sidelong/explain")
    other.kill()
    other.wait()
    # This test still holds both pipes open, as a terminal of the editor's may.
    assert raw.process.wait(TIMEOUT_S) == 1


def test_a_process_that_is_not_here_is_not_missed(raw: Any, other: subprocess.Popen[bytes]) -> None:
    other.kill()
    other.wait()
    raw.initialize(processId=other.pid)
    with pytest.raises(subprocess.TimeoutExpired):
        raw.process.wait(5)
    assert "result" in raw.call("sidelong/explain")
