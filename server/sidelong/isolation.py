"""Keeps the code of an opened project out of Python: out of this process and of those it starts.

A project's folder often is the current one, and its environment may name it in `PYTHONPATH`; a
`json.py` lying there would run with the user's rights.
This module is imported first of all, so it needs nothing but what every start of Python has loaded.
"""

from __future__ import annotations

import os
import site
import sys

_START = """\
import sys
at = next((i for i, path in enumerate(sys.path) if path.endswith("-packages")), len(sys.path))
sys.path[at:at] = {folders!r}
"""
"""Behind the standard library and before what is installed, as `PYTHONPATH` never is."""


def own_folders() -> list[str]:
    """The folders that hold our packages: one where they are installed, two in a checkout."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    beside = os.path.join(os.path.dirname(folder), "index")  # noqa: PTH118, PTH120
    in_checkout = os.path.isdir(os.path.join(beside, "sidelong_index"))  # noqa: PTH112, PTH118
    return [folder, beside] if in_checkout else [folder]


def leave_workspace() -> None:
    """Take the current folder and those of `PYTHONPATH` off the import path of this process.

    Folders with our own packages, the standard library and installed packages stay.
    A Python that was started isolated has nothing to take off.
    """
    if sys.flags.isolated:
        return
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    unwanted = {os.path.realpath(folder) for folder in ("", *named)}
    kept = (*own_folders(), *site.getsitepackages(), os.path.dirname(os.__file__))  # noqa: PTH120
    unwanted -= {os.path.realpath(folder) for folder in kept}
    sys.path[:] = [path for path in sys.path if os.path.realpath(path) not in unwanted]


def python(program: str, *arguments: str) -> list[str]:
    """The command line of a Python that runs `program` and imports only what is installed.

    Give its process `environment()` and a folder that is not the workspace.
    """
    start = _START.format(folders=own_folders())
    return [sys.executable, "-I", "-c", start + program, *arguments]


def command(*arguments: str) -> list[str]:
    """The command line of `sidelong` with these arguments; see `python`."""
    return python("from sidelong.__main__ import main; sys.exit(main())", *arguments)


def environment() -> dict[str, str]:
    """The environment without what it tells Python, which a project may have set."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
