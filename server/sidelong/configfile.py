"""The user's own settings file: TOML with the names of `settings`, and tables for folders.

    enabled = true
    model.path = "~/models/coder.gguf"
    [folder."~/work/legacy"]
    retrieval.mode = "never"

The names are defined in `sections`, the place of the file in `paths`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final

from sidelong.sections import Section, unknown_names, user_only_names

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FOLDER: Final = "folder"


@dataclass(frozen=True)
class ConfigFile:
    """The content of the file; empty if there is no file."""

    section: Section = field(default_factory=dict)
    """The settings of all folders, and the user-only settings."""
    folders: Mapping[PurePath, Section] = field(default_factory=dict)

    def layers(self, folder: PurePath | None) -> list[Section]:
        """The sections that apply to a folder, the most specific last.

        A table matches the path under which the folder was opened, and its real path.
        """
        if folder is None:
            return [self.section]
        names = {folder, _real(folder)}
        within = {path for name in names for path in (name, *name.parents)}
        above = [path for path in self.folders if within & {path, _real(path)}]
        above.sort(key=lambda path: len(_real(path).parts))
        return [self.section, *(self.folders[path] for path in above)]


def read_config_file(path: Path) -> tuple[ConfigFile, list[str]]:
    """The file's content, and one message per problem; without a file the content is empty."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return ConfigFile(), []
    except (OSError, ValueError) as error:
        return ConfigFile(), [
            f"{path}: not readable as TOML ({error}). Mend the file; until then it is ignored."
        ]
    folders = content.pop(_FOLDER, {})
    if not isinstance(folders, Mapping) or not all(
        isinstance(section, Mapping) for section in folders.values()
    ):
        return ConfigFile(content), [
            f'{path}: "folder" is not a table of tables. '
            f'Write [folder."/path/of/folder"]; until then folders have no settings of their own.'
        ]
    config = ConfigFile(content, {folder_named(name): section for name, section in folders.items()})
    return config, _odd_names(path, config)


def _real(folder: PurePath) -> Path:
    """The path without symbolic links; a path that does not exist stays as it is."""
    try:
        return Path(folder).resolve()
    except (OSError, RuntimeError):  # links in a circle
        return Path(folder)


def folder_named(name: str) -> Path:
    """The folder that a table's name means; `~name` stays as it is if there is no such user."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def _odd_names(path: Path, config: ConfigFile) -> list[str]:
    sections = [config.section, *config.folders.values()]
    messages = [
        f'{path}: nobody here has the home folder of [folder."{folder}"]. Correct its name.'
        for folder in config.folders
        if str(folder).startswith("~")
    ]
    messages += [
        f"{path}: {name} is not a setting. Correct its spelling or remove it."
        for section in sections
        for name in unknown_names(section)
    ]
    return messages + [
        f"{path}: {name} is the same for every folder. Move it to the top of the file."
        for section in config.folders.values()
        for name in user_only_names(section)
    ]
