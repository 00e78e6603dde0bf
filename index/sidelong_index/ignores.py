"""Finds all ignore files that have a say in a tree, and weighs them as git does.

`gitignore` reads the patterns of one file; `walk` walks the tree.

The strongest first: the workspace's own `exclude` setting; `.gitignore` of the entry's folder and
of those above, up to the top of the repository, even above the root; the repository's
`info/exclude`; the user's global ignore file; and a short list of folders that nobody writes code
in. A repository inside the root starts from the settings alone. Files that git tracks in spite of
its ignore files are ignored here: to know them we would have to read git's index.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sidelong_index.gitconfig import (
    Repository,
    find_repository,
    global_ignore_file,
    ignores_case,
    repository_at,
)
from sidelong_index.gitignore import MAX_STEPS, Patterns, parse_patterns
from sidelong_index.regular_files import read_lines, read_lines_below

logger = logging.getLogger(__name__)

VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", ".jj", "_darcs", "CVS"})
"""Never walked into, whatever the patterns say."""

BUILT_IN = (
    "node_modules/", "bower_components/", "jspm_packages/", ".venv/", "venv/", "site-packages/",
    "__pycache__/", "__pypackages__/", ".tox/", ".nox/", ".eggs/", "*.egg-info/", ".mypy_cache/",
    ".pytest_cache/", ".ruff_cache/", ".hypothesis/", ".ipynb_checkpoints/", ".gradle/",
    ".terraform/", ".next/", ".nuxt/", ".parcel-cache/", ".cache/", ".DS_Store",
)  # fmt: skip
"""Dependencies and caches, for a tree without a .gitignore; patterns elsewhere bring them back."""

MARKERS = frozenset({"pyvenv.cfg", "CACHEDIR.TAG"})
"""A folder with such a file in it is a virtual environment or a cache."""

MAX_IGNORE_BYTES = 128 * 1024
"""Every entry is compared with every pattern; of hard ones there are `MAX_STEPS` at most."""

_MAX_DECISIONS = 20_000
"""Per folder: names of passing files would pile up otherwise."""

Mark = tuple[int, int]
"""Size and time of change of an ignore file: it is read again when they differ."""


@dataclass(frozen=True)
class Source:
    """An ignore file's patterns, and how to name an entry of the tree to them."""

    patterns: Patterns
    strip: int = 0
    """Characters to take from the front of a path relative to the root..."""
    prepend: str = ""
    """...and what to put there instead."""

    def ignores(self, path: str, *, is_dir: bool) -> bool | None:
        """Judge `path`, relative to the root: ignored or not; None: not mentioned."""
        return self.patterns.ignores(self.prepend + path[self.strip :], is_dir=is_dir)


@dataclass(frozen=True)
class Level:
    """The rules for the entries of one folder, and the decisions made with them so far."""

    sources: tuple[Source, ...]
    """Strongest first."""
    above: "Level | None" = None
    mark: Mark | None = None
    decisions: dict[tuple[str, bool], bool] = field(default_factory=dict)

    def ignores(self, path: str, *, is_dir: bool) -> bool:
        """Decide about an entry of this folder."""
        key = (path, is_dir)
        if len(self.decisions) > _MAX_DECISIONS:
            self.decisions.clear()
        decided = self.decisions.get(key)
        if decided is None:
            verdicts = (source.ignores(path, is_dir=is_dir) for source in self.sources)
            decided = next((v for v in verdicts if v is not None), False)
            self.decisions[key] = decided
        return decided


class Ignores:
    """The ignore rules of one root. Belongs to one thread.

    Folders are entered from the top down; what has not changed is not read again.
    """

    def __init__(self, root: Path, exclude: Sequence[str] = ()) -> None:
        self._root = root
        self._exclude = tuple(exclude)
        self._levels: dict[str, Level] = {}
        self._base: Level | None = None
        self._base_marks: dict[Path, Mark | None] = {}
        self._global = parse_patterns(())
        self._ignore_case = False

    def refresh(self) -> None:
        """Drop everything if a file outside of the tree has changed: call before each walk."""
        if self._base is None or any(mark_of(f) != m for f, m in self._base_marks.items()):
            self._base_marks = {}
            self._base = self._make_base()
            self._levels.clear()

    def top(self, mark: Mark | None) -> Level:
        """The level of the root itself; see `enter`."""
        if self._base is None:
            self.refresh()
        assert self._base is not None
        return self._level("", self._base, mark)

    def enter(self, folder: str, above: Level, mark: Mark | None, *, is_repository: bool) -> Level:
        """The level of a folder that is not ignored; `mark` is that of its .gitignore, if any.

        `is_repository`: there is a `.git` in it, so nothing from above but `exclude` counts.
        """
        if is_repository:
            repository = repository_at(self._root / folder)
            if repository is not None:
                above = self._repository_base(folder, repository)
        return self._level(folder, above, mark)

    def _level(self, folder: str, above: Level, mark: Mark | None) -> Level:
        known = self._levels.get(folder)
        if known is not None and known.above is above and known.mark == mark:
            return known
        sources = above.sources
        if mark is not None:
            file = f"{folder}/.gitignore" if folder else ".gitignore"
            lines = read_lines_below(self._root, file, MAX_IGNORE_BYTES)
            own = self._source(self._root / file, lines, sources, strip=folder)
            # The exclude setting stays the strongest.
            sources = (sources[0], own, *sources[1:])
        level = Level(sources, above, mark)
        self._levels[folder] = level
        return level

    def _repository_base(self, folder: str, repository: Repository) -> Level:
        key = f"{folder}/.git"
        info = repository.git_dir / "info" / "exclude"
        mark = mark_of(info)
        known = self._levels.get(key)
        if known is not None and known.above is self._base and known.mark == mark:
            return known
        assert self._base is not None
        exclude, *_, built_in = self._base.sources
        users = Source(self._global, len(folder) + 1)
        own = self._source(info, _read_gits_own(info), (exclude, users, built_in), strip=folder)
        sources = (exclude, own, users, built_in)
        self._levels[key] = level = Level(sources, self._base, mark)
        return level

    def _make_base(self) -> Level:
        repository = find_repository(self._root)
        self._ignore_case = ignores_case(repository)
        exclude = self._source("The `exclude` setting", self._exclude, ())
        built_in = Source(parse_patterns(BUILT_IN, ignore_case=self._ignore_case))
        below = self._root.relative_to(repository.top).parts if repository is not None else ()
        users = self._outside(global_ignore_file(repository), below, (exclude, built_in))
        self._global = users.patterns
        others = (exclude, users, built_in)
        outer = self._outer(repository, below, others) if repository is not None else []
        return Level((exclude, *outer, users, built_in))

    def _outer(
        self, repository: Repository, below: Sequence[str], others: Sequence[Source]
    ) -> list[Source]:
        """The repository's sources outside of the root, strongest first."""
        folders = [repository.top.joinpath(*below[:depth]) for depth in range(len(below))]
        sources = [self._outside(repository.git_dir / "info" / "exclude", below, others)]
        for depth, folder in enumerate(folders):
            file = folder / ".gitignore"
            sources.insert(0, self._outside(file, below[depth:], (*others, *sources)))
        # Somebody who opens an ignored folder does so on purpose: what ignores it has no say in it.
        return [] if _ignore_root(below, sources) else sources

    def _outside(self, file: Path | None, below: Sequence[str], others: Iterable[Source]) -> Source:
        """The patterns of a file outside; the root lies `below` under the folder they are for."""
        if file is None:
            return Source(parse_patterns(()))
        self._base_marks[file] = mark_of(file)
        lines = (
            read_lines(file, MAX_IGNORE_BYTES)
            if file.name == ".gitignore"
            else _read_gits_own(file)
        )
        prepend = "".join(f"{part}/" for part in below)
        return self._source(file, lines, others, prepend=prepend)

    def _source(
        self,
        name: Path | str,
        lines: Sequence[str],
        others: Iterable[Source],
        *,
        strip: str = "",
        prepend: str = "",
    ) -> Source:
        """The source that lines make beside `others`, as far as all of them take `MAX_STEPS`."""
        room = MAX_STEPS - sum(other.patterns.steps for other in others)
        patterns = parse_patterns(lines, ignore_case=self._ignore_case, max_steps=room)
        if patterns.cut_at is not None:
            logger.warning(
                "%s counts only up to line %d: there are too many patterns with several stars or "
                "with folders in them. Shorten it.",
                name,
                patterns.cut_at - 1,
            )
        return Source(patterns, len(strip) + 1 if strip else 0, prepend)


def _read_gits_own(file: Path) -> list[str]:
    """The lines of an ignore file outside of any work tree, which may be a link.

    git does not follow a link called .gitignore, and neither do we.
    """
    return read_lines(file, MAX_IGNORE_BYTES, follow_link=True)


def mark_of(file: Path) -> Mark | None:
    """The mark of a file, or None: there is none."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _ignore_root(below: Sequence[str], sources: Sequence[Source]) -> bool:
    """True if the root, which lies `below` under the repository's top, is itself ignored."""
    for depth in range(1, len(below) + 1):
        for source in sources:
            base = len(below) - source.prepend.count("/")
            verdict = source.patterns.ignores("/".join(below[base:depth]), is_dir=True)
            if base < depth and verdict is not None:
                if verdict:
                    return True
                break
    return False
