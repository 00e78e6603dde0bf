"""Programs that file modes hold for, even where root runs the tests."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

_AS_ANY_USER = """
import os, sys
caps = "-dac_override,-dac_read_search"
os.execvp("setpriv", ["setpriv", "--bounding-set", caps, sys.executable, *sys.argv[1:]])
"""


def as_any_user(*arguments: str) -> tuple[str, ...]:
    """The arguments of a Python that does what these say, and may read no more than its user."""
    if sys.platform == "win32":
        pytest.skip("modes are POSIX's")
    if os.geteuid() != 0:
        return arguments
    if shutil.which("setpriv") is None:
        pytest.skip("root may read all")
    return ("-c", _AS_ANY_USER, *arguments)
