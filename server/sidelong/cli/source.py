"""The code of a workspace, as files to take blanks from; read and never written.

Which files are text worth reading is the index's to say, which of them are tracked git's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path, PurePosixPath
from typing import Final

from sidelong.cli.language import language_id
from sidelong.cli.place import PlaceError, read_text
from sidelong.evaluation.run import File
from sidelong.settings import Settings
from sidelong_index import select_files

NOT_CODE: Final = frozenset({"plaintext", "markdown", "json", "yaml", "toml", "html", "css"})
"""Prose and data: completing them says little about completing code."""

_PATIENCE_S = 60


def code_files(root: Path, settings: Settings) -> list[File]:
    """The tracked files of the languages that are switched on; all files where there is no git."""
    known = tracked(root)
    files = []
    for path in select_files(root, settings.exclude):
        language = language_id(PurePosixPath(path))
        if language in NOT_CODE or not settings.language_on(language):
            continue
        if known is not None and path not in known:
            continue
        try:
            files.append(File(path, language, read_text(root / path)))
        except PlaceError:
            continue  # gone since, or not UTF-8
    return files


def tracked(root: Path) -> frozenset[str] | None:
    """What git tracks under `root`, relative to it; None without git or outside of a work tree.

    Neither takes git's locks nor runs the programs that a work tree's settings may name.
    """
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-C", str(root), "-c", "core.fsmonitor=false", "ls-files", "-z"]
    try:
        listed = subprocess.run(
            command,
            capture_output=True,
            check=True,
            timeout=_PATIENCE_S,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return frozenset(os.fsdecode(name) for name in listed.stdout.split(b"\0") if name)
