"""The code of a workspace, as files to take blanks from; read and never written.

The index says which files are text worth reading, and git which of them are tracked.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from sidelong.evaluation.cases import File
from sidelong.language import language_id
from sidelong.programs import find_program
from sidelong.settings import Settings
from sidelong_index import select_texts

NOT_CODE: Final = frozenset({"plaintext", "markdown", "json", "yaml", "toml", "html", "css"})
"""Prose and data; completing them says little about completing code."""

MADE: Final = frozenset(
    {
        ".git", ".hg", ".svn", ".venv", "venv", "node_modules", ".tox", ".nox", "__pycache__",
        ".mypy_cache", ".pytest_cache", ".ruff_cache",
    }
)  # fmt: skip
"""Folders that tools make; a copy leaves them out where no git ignores them."""

_PATIENCE_S = 60


def code_files(
    root: Path, settings: Settings, *, on_file: Callable[[], None] = lambda: None
) -> list[File]:
    """The tracked files of the languages that are switched on; all files if git tracks none.

    `on_file` is called after each file.
    """
    # Git tracks nothing in a folder that lies in a work tree and is ignored there, such as .venv.
    known = tracked(root) or None
    files = []
    for path, text in select_texts(root, settings.exclude):
        language = language_id(PurePosixPath(path))
        if language in NOT_CODE or not settings.language_on(language):
            continue
        if known is not None and path not in known:
            continue
        files.append(File(path, language, text, root.name))
        on_file()
    return files


def project_files(root: Path) -> list[str]:
    """The files that a copy of the project needs, relative to it: all that git does not ignore.

    Without git, all but those that tools have made.
    """
    known = _listed(root, "--cached", "--others", "--exclude-standard")
    if known is not None:
        return sorted(known)
    paths = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - MADE)
        here = Path(folder).relative_to(root)
        linked = [name for name in folders if (Path(folder) / name).is_symlink()]
        paths += [(here / name).as_posix() for name in (*sorted(files), *linked)]
    return paths


def tracked(root: Path) -> frozenset[str] | None:
    """The files that git tracks under `root`, relative to it; None without git or a work tree."""
    return _listed(root)


def _listed(root: Path, *which: str) -> frozenset[str] | None:
    """`git ls-files`; None without git or outside of a work tree.

    It takes no lock of git's, and runs no program that the settings of a work tree may name.
    """
    git = find_program("git", outside=root)
    if git is None:
        return None
    command = [git, "-C", str(root), "-c", "core.fsmonitor=false", "ls-files", "-z", *which]
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
