"""The programs of `bench`, run on the small workspace of the command line's tests."""

from __future__ import annotations

import bench.online.__main__
import bench.tasks.__main__
import pytest
from tests.cli.conftest import Run, digest, runner, workspace

__all__ = ["digest", "workspace"]


@pytest.fixture
def online(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `python -m bench.online` with these arguments."""
    return runner(bench.online.__main__.main, capfd)


@pytest.fixture
def tasks(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `python -m bench.tasks` with these arguments."""
    return runner(bench.tasks.__main__.main, capfd)
