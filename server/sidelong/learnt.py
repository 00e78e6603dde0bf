"""The facts learnt about a workspace folder, in files of the user's cache folder.

One file holds a correction of the decision, another the counts of acceptance; nothing is written
into the workspace folder. A file with any fault is not used; deleting it loses its content only.
The records are defined by `engine.correction` and `acceptance`.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path, PurePath
from typing import Any, TypeVar

from sidelong import acceptance, paths
from sidelong.acceptance import ByModels
from sidelong.engine import Correction, correction_from_json, correction_to_json
from sidelong.files import whole

log = logging.getLogger(__name__)

T = TypeVar("T")


def correction_file(root: PurePath) -> Path:
    """The file of a folder's correction."""
    return _file(root, "correction")


def load_correction(root: PurePath | None) -> Correction | None:
    """The folder's correction; None if there is none, or, with a warning, none that can be used."""
    return None if root is None else _load(correction_file(root), correction_from_json)


def save_correction(root: PurePath, correction: Correction) -> bool:
    """Save the folder's correction in place of another; False, with a warning, if that fails."""
    return _save(correction_file(root), correction_to_json(correction))


def counts_file(root: PurePath) -> Path:
    """The file of a folder's counts of acceptance."""
    return _file(root, "acceptance")


def load_counts(root: PurePath) -> ByModels:
    """The folder's counts; empty if there are none, or, with a warning, none that can be used."""
    return _load(counts_file(root), acceptance.from_json) or {}


def add_counts(root: PurePath, new: ByModels) -> bool:
    """Add to the folder's counts; False, with a warning, if that fails.

    If two servers add at the same moment, the counts of one may be lost.
    """
    return _save(counts_file(root), acceptance.to_json(acceptance.merged(load_counts(root), new)))


def forget(root: PurePath) -> list[Path]:
    """Delete all that was learnt about the folder; returns the deleted files."""
    return [file for file in (correction_file(root), counts_file(root)) if _delete(file)]


def forget_correction(root: PurePath) -> bool:
    """Delete the folder's correction; False if there was none."""
    return _delete(correction_file(root))


def _delete(file: Path) -> bool:
    there = file.exists()
    file.unlink(missing_ok=True)
    return there


def _file(root: PurePath, what: str) -> Path:
    # The editor may have opened a link to the folder, and a command may have got its real path.
    real = Path(os.path.realpath(root))
    name = re.sub(r"[^\w.-]", "_", real.name)[:40] or "root"
    digest = blake2b(os.fsencode(real), digest_size=8).hexdigest()
    return paths.learnt_dir() / f"{name}-{digest}.{what}.json"


def _load(file: Path, read: Callable[[object], T]) -> T | None:
    try:
        return read(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, OverflowError, RecursionError) as error:
        log.warning("%s is not used: %s. Deleting it costs only what it holds.", file, error)
        return None


def _save(file: Path, record: dict[str, Any]) -> bool:
    """Write the file whole, so that a reader never finds half of one."""
    try:
        with whole(file) as aside:
            aside.touch(mode=0o600)  # weights that were fitted on the user's code
            aside.write_text(json.dumps(record), encoding="utf-8")
    except OSError as error:
        log.warning("%s cannot be kept: %s. Make room or make the folder writable.", file, error)
        return False
    return True
