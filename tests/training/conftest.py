"""One run of the tiny recipe, shared by the tests that look at what it made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which training/runs/tiny.sh has run every stage, from nothing."""
    pytest.importorskip("torch")
    work = tmp_path_factory.mktemp("tiny")
    ran = subprocess.run(
        ["bash", str(ROOT / "training" / "runs" / "tiny.sh"), str(work)],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return work
