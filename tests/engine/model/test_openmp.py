"""OpenMP's waiting threads: llama.cpp's spin briefly, and nothing else is told to."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os
before = dict(os.environ)
from sidelong.engine.model import llama
print("unchanged" if dict(os.environ) == before else "changed")
"""


def load(**settings: str) -> str:
    """The words of OpenMP as llama.cpp is loaded, and of the program that loads it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_"))}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**environment, "OMP_DISPLAY_ENV": "verbose", **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    if "GOMP_SPINCOUNT" not in done.stderr:
        pytest.skip("this build of llama.cpp does without GNU OpenMP")
    return done.stdout + done.stderr


def test_threads_that_wait_soon_sleep() -> None:
    assert "GOMP_SPINCOUNT = '10000'" in load()


def test_the_users_own_settings_stand() -> None:
    assert "GOMP_SPINCOUNT = '77'" in load(GOMP_SPINCOUNT="77")
    assert "GOMP_SPINCOUNT = '0'" in load(OMP_WAIT_POLICY="passive")


def test_programs_started_later_do_not_inherit_it() -> None:
    assert load().startswith("unchanged")
