"""Processes are known by their number and the time at which they had it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from sidelong.processes import is_running


def test_this_process_runs() -> None:
    assert is_running(os.getpid(), since_s=time.time())


def test_a_process_that_began_later_is_another_with_the_same_number() -> None:
    assert not is_running(os.getpid(), since_s=0.0)


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX keeps what nobody has waited for")
def test_a_process_that_has_ended_runs_no_more_though_its_parent_has_not_waited() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read()
        deadline = time.monotonic() + 30
        while is_running(process.pid, since_s=time.time()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert not is_running(process.pid, since_s=time.time())


def test_numbers_that_no_process_has_are_no_error() -> None:
    assert not is_running(2**40, since_s=time.time())
    assert not is_running(-1, since_s=time.time())
