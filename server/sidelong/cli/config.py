"""The user's config file and the command line, as settings for one workspace folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sidelong import paths
from sidelong.configfile import read_config_file
from sidelong.engine import remote_problem
from sidelong.sections import parse_settings, parse_user_settings
from sidelong.settings import Settings, UserSettings
from sidelong.shipped import choose


@dataclass(frozen=True)
class Config:
    """Settings, and a message for each one that was refused."""

    settings: Settings
    user: UserSettings
    problems: tuple[str, ...]


def load_config(
    root: Path,
    *,
    model: Path | None = None,
    policy: Path | None = None,
    threads: int | None = None,
) -> Config:
    """The settings for the folder `root`; the other arguments win over the file."""
    file, problems = read_config_file(paths.config_file())
    settings = Settings()
    for section in file.layers(root):
        settings, messages = parse_settings(section, settings)
        problems += messages
    user, messages = parse_user_settings(file.section)
    problems += messages
    if problem := remote_problem(user):
        problems.append(problem)
        user = replace(user, remote=None)
    user = replace(
        user,
        # A model named on the command line is the one that is meant to write.
        remote=user.remote if model is None else None,
        model=model or user.model,
        policy=policy or user.policy,
        threads=threads or user.threads,
    )
    user = choose(user, unmeasured=paths.default_model())
    return Config(settings, user, tuple(problems))
