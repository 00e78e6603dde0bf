"""What is learnt about a workspace folder, kept in the user's cache folder and never in the folder.

A file each of a correction of the decision and of counts of acceptance. Whatever is wrong with one,
it is not used; deleting it costs what it holds and nothing else.
What the records mean is `correction`'s and `acceptance`'s.
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
    """Where the correction for a folder is kept."""
    return _file(root, "correction")


def load_correction(root: PurePath | None) -> Correction | None:
    """The folder's correction; None if there is none that can be used, which is logged."""
    return None if root is None else _load(correction_file(root), correction_from_json)


def save_correction(root: PurePath, found: Correction) -> bool:
    """Keep the folder's correction in place of another; False if that failed, which is logged."""
    return _save(correction_file(root), correction_to_json(found))


def counts_file(root: PurePath) -> Path:
    """Where the counts of acceptance in a folder are kept."""
    return _file(root, "acceptance")


def load_counts(root: PurePath) -> ByModels:
    """The folder's counts; none if there are none that can be used, which is logged."""
    return _load(counts_file(root), acceptance.from_json) or {}


def add_counts(root: PurePath, new: ByModels) -> bool:
    """Add to the folder's counts; False if that failed, which is logged.

    Of two servers that do so at the same moment, one may lose what it adds.
    """
    return _save(counts_file(root), acceptance.to_json(acceptance.merged(load_counts(root), new)))


def forget(root: PurePath) -> list[Path]:
    """Delete all that was learnt about the folder; the files that were there."""
    return [file for file in (correction_file(root), counts_file(root)) if _delete(file)]


def forget_correction(root: PurePath) -> bool:
    """Delete the folder's correction; whether there was one."""
    return _delete(correction_file(root))


def _delete(file: Path) -> bool:
    there = file.exists()
    file.unlink(missing_ok=True)
    return there


def _file(root: PurePath, what: str) -> Path:
    # An editor may have opened a link to the folder that a command was given.
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
    try:
        with whole(file) as aside:
            aside.touch(mode=0o600)  # weights that were fitted on the user's code
            aside.write_text(json.dumps(record), encoding="utf-8")
    except OSError as error:
        log.warning("%s cannot be kept: %s. Make room or make the folder writable.", file, error)
        return False
    return True
