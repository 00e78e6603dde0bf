"""The check of a model: its trial, in a process that it may end, and the facts found there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sidelong.cli.bars import Patience
from sidelong.cli.completing import interruptible
from sidelong.cli.terminal import warn
from sidelong.engine import check_file, try_models
from sidelong.models.store import Facts
from sidelong.settings import UserSettings


def check(path: Path, user: UserSettings, facts: Facts) -> Facts:
    """Let the model load and complete a few lines; `facts` with those found.

    Raises `ModelError` if the file is no GGUF, is damaged, is unknown to this llama.cpp, has no
    special tokens for filling in, evaluates to values that are no numbers, or ends its process.
    A fault that it can serve with is said on stderr.
    """
    user = replace(user, model=path)
    with Patience("Checking the model"):
        check_file(path)
        report = interruptible(lambda cancel: try_models(user, cancel))
    warn(*(f"{path.name}: {remark}" for remark in report.remarks))
    return replace(
        facts,
        licence=facts.licence or report.licence,
        description=report.description,
        family=report.family,
        parameters=report.parameters,
        decides=report.decides,
        problem=None,
    )
