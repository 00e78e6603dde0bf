"""The repository that the demo completes, and its cases: drawn by a seed, not picked by outcome."""

from __future__ import annotations

import random
import re
import shutil
from importlib.metadata import distribution
from pathlib import Path

from lsprotocol.types import Position

from sidelong import paths
from sidelong.evaluation.blanks import Kind, sample_blanks
from sidelong.evaluation.cases import MOST_CHARACTERS, Case, File
from sidelong.files import TextError, read_text
from sidelong.language import language_id
from sidelong_index import select_files

PACKAGE = "rich"
"""Installed with sidelong, and the default model has not seen it."""

KINDS: tuple[Kind, ...] = ("rest", "line", "expression")
CODE = frozenset({
    "c", "cpp", "go", "java", "javascript", "javascriptreact", "python", "rust", "typescript",
    "typescriptreact",
})  # fmt: skip
SHORTEST, LONGEST = 8, 80
LEAST_BEFORE = 1_000
_WORD = re.compile(r"[A-Za-z_]{3}")


def default_repository() -> Path:
    """The source of an installed package, copied once into the cache folder."""
    package = distribution(PACKAGE)
    root = paths.cache_dir() / "demo" / f"{PACKAGE}-{package.version}"
    if not root.exists():
        aside = root.with_suffix(".part")
        for file in package.files or []:
            if file.suffix == ".py" and file.parts[0] == PACKAGE:
                (aside / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(str(package.locate_file(file))), aside / file)
        aside.rename(root)
    return root


def choose_cases(root: Path, *, n: int, seed: int) -> list[Case]:
    """Up to `n` cases, each in another file."""
    rng = random.Random(seed)
    files = sorted(file for file in select_files(root) if language_id(Path(file)) in CODE)
    rng.shuffle(files)
    cases: list[Case] = []
    for file in files:
        if len(cases) == n:
            break
        case = _draw(root, file, rng)
        if case is not None:
            cases.append(case)
    return cases


def cursor(case: Case) -> Position:
    """The position where the target stood, in code points."""
    before = case.before
    return Position(before.count("\n"), len(before) - before.rfind("\n") - 1)


def _draw(root: Path, path: str, rng: random.Random) -> Case | None:
    try:
        text = read_text(root / path)
    except TextError:
        return None
    if "\r" in text or len(text) > MOST_CHARACTERS:
        return None
    file = File(path, language_id(Path(path)), text)
    drawn = (Case(file, blank) for blank in sample_blanks(text, rng=rng, n=20, kinds=KINDS))
    return next((case for case in drawn if _is_worth_showing(case)), None)


def _is_worth_showing(case: Case) -> bool:
    """True for one line that is neither trivial nor a comment, with enough code before it."""
    target = case.target
    line = (case.before.rpartition("\n")[2] + target).lstrip()
    return (
        SHORTEST <= len(target.strip()) <= LONGEST
        and "\n" not in target.strip("\n")
        and _WORD.search(target) is not None
        and not line.startswith(("#", "//", "*", '"', "'"))
        and case.blank.start > LEAST_BEFORE
    )
