"""Reads from git's configuration, without git, the few things that decide which files are ignored.

`ignores` reads the ignore files that the configuration names. `include.path` is not followed.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sidelong_index.regular_files import read_lines

MAX_CONFIG_BYTES = 1024 * 1024

_SECTION = re.compile(r"\s*\[\s*(?P<name>[\w.-]+)\s*(?P<sub>\"[^\"]*\")?\s*\]")
_SETTING = re.compile(r"\s*(?P<name>[a-zA-Z][\w-]*)\s*(?:=\s*(?P<value>.*))?$")


@dataclass(frozen=True)
class Repository:
    """A git work tree and where git keeps what belongs to it."""

    top: Path
    git_dir: Path
    """The folder that all work trees of the repository share."""


def find_repository(folder: Path) -> Repository | None:
    """The repository whose work tree holds `folder`, or None."""
    for top in (folder, *folder.parents):
        repository = repository_at(top)
        if repository is not None:
            return repository
    return None


def repository_at(top: Path) -> Repository | None:
    """The repository whose work tree begins at `top`, or None."""
    marker = top / ".git"
    if marker.is_dir():
        return Repository(top, marker)
    pointer = read_lines(marker, MAX_CONFIG_BYTES)
    if not pointer or not pointer[0].startswith("gitdir:"):
        return None
    git_dir = top / pointer[0].removeprefix("gitdir:").strip()
    common = read_lines(git_dir / "commondir", MAX_CONFIG_BYTES)
    return Repository(top, git_dir / common[0].strip() if common else git_dir)


def global_ignore_file(repository: Repository | None) -> Path | None:
    """The ignore file that git reads for every repository of this user; it need not exist."""
    named = _core(repository, "excludesfile")
    if named:
        return _expand(named)
    config = _xdg_config()
    return config / "git" / "ignore" if config is not None else None


def ignores_case(repository: Repository | None) -> bool:
    """True if patterns match without regard to case, as on most Windows and macOS disks."""
    return (_core(repository, "ignorecase") or "").lower() in ("true", "yes", "on", "1")


def _core(repository: Repository | None, name: str) -> str | None:
    """The last value of `core.<name>`: the repository's own before the user's."""
    value = None
    for file in _config_files(repository):
        # A link is common here: to the user's collection of settings, or made by Google's `repo`.
        lines = read_lines(file, MAX_CONFIG_BYTES, follow_link=True)
        for section, key, text in _settings(lines):
            if section == "core" and key == name:
                value = text
    return value


def _config_files(repository: Repository | None) -> Iterator[Path]:
    """The more specific, the later."""
    if os.name != "nt" and not os.environ.get("GIT_CONFIG_NOSYSTEM"):
        yield Path("/etc/gitconfig")
    named = os.environ.get("GIT_CONFIG_GLOBAL")
    if named is not None:
        yield Path(named)
    else:
        config, home = _xdg_config(), _home()
        if config is not None:
            yield config / "git" / "config"
        if home is not None:
            yield home / ".gitconfig"
    if repository is not None:
        yield repository.git_dir / "config"


def _settings(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """Each (section, name, value) of a section without a subsection, names in lower case."""
    section = ""
    for line in lines:
        heading = _SECTION.match(line)
        if heading:
            section = "" if heading["sub"] else heading["name"].lower()
            line = line[heading.end() :]
        setting = _SETTING.match(line)
        if setting:
            value = setting["value"]
            yield section, setting["name"].lower(), "true" if value is None else _unquote(value)


def _unquote(value: str) -> str:
    """The value without its quotes, its escapes, and the comment behind it."""
    out, quoted, i = "", False, 0
    while i < len(value):
        char = value[i]
        if char == "\\" and i + 1 < len(value):
            i += 1
            out += {"n": "\n", "t": "\t"}.get(value[i], value[i])
        elif char == '"':
            quoted = not quoted
        elif char in "#;" and not quoted:
            break
        else:
            out += char
        i += 1
    return out.strip()


def _expand(name: str) -> Path | None:
    if not name.startswith("~"):
        return Path(name)
    home = _home()
    return home / name[2:] if home is not None and name.startswith("~/") else None


def _xdg_config() -> Path | None:
    named = os.environ.get("XDG_CONFIG_HOME")
    if named:
        return Path(named)
    home = _home()
    return home / ".config" if home is not None else None


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None
