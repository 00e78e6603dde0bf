"""Which repository the demo completes, and where: drawn by a seed, not picked by outcome."""

from __future__ import annotations

import random
import re
import shutil
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from lsprotocol.types import Position

from sidelong import paths
from sidelong.evaluation.blanks import Blank, Kind, sample_blanks
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
_WORD = re.compile(r"[A-Za-z_]{3}")
MOST_CHARACTERS = 200_000


@dataclass(frozen=True)
class Place:
    """A piece of a real file, taken out."""

    path: str
    """Relative to the repository."""
    language: str
    before: str
    target: str
    """What really stood there."""
    after: str

    @property
    def text(self) -> str:
        """The document as it is opened."""
        return self.before + self.after

    @property
    def cursor(self) -> Position:
        """Where the piece stood, in code points."""
        return Position(self.before.count("\n"), len(self.before) - self.before.rfind("\n") - 1)


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


def choose_places(root: Path, *, n: int, seed: int) -> list[Place]:
    """Up to `n` places, each in another file where there are that many."""
    rng = random.Random(seed)
    files = sorted(file for file in select_files(root) if language_id(Path(file)) in CODE)
    rng.shuffle(files)
    places: list[Place] = []
    for file in files:
        if len(places) == n:
            break
        place = _draw(root, file, rng)
        if place is not None:
            places.append(place)
    return places


def _draw(root: Path, file: str, rng: random.Random) -> Place | None:
    try:
        text = (root / file).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if "\r" in text or len(text) > MOST_CHARACTERS:
        return None
    for blank in sample_blanks(text, rng=rng, n=20, kinds=KINDS):
        if _is_worth_showing(text, blank):
            return Place(
                path=file,
                language=language_id(Path(file)),
                before=text[: blank.start],
                target=text[blank.start : blank.end],
                after=text[blank.end :],
            )
    return None


def _is_worth_showing(text: str, blank: Blank) -> bool:
    """One line, neither trivial nor a comment, with enough of a file around it."""
    target = text[blank.start : blank.end]
    line = text[text.rfind("\n", 0, blank.start) + 1 : blank.end].lstrip()
    return (
        SHORTEST <= len(target.strip()) <= LONGEST
        and "\n" not in target.strip("\n")
        and _WORD.search(target) is not None
        and not line.startswith(("#", "//", "*", '"', "'"))
        and blank.start > 1_000
    )
