"""Where sidelong keeps things: the user's cache folder, configuration and models, per platform.

`SIDELONG_CACHE_DIR`, `SIDELONG_CONFIG` and `SIDELONG_MODELS_DIR` override them, for tests and for
odd machines.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

APP = "sidelong"


def cache_dir() -> Path:
    """The folder of everything that can be lost without losing answers."""
    override = os.environ.get("SIDELONG_CACHE_DIR")
    return Path(override) if override else Path(platformdirs.user_cache_dir(APP, appauthor=False))


def index_cache_dir() -> Path:
    """Where kept indexes lie, one file a workspace folder."""
    return cache_dir() / "index"


def learnt_dir() -> Path:
    """Where it is kept what was learnt about workspace folders, a few files each."""
    return cache_dir() / "learnt"


def models_dir() -> Path:
    """Where the models lie that the user fetched or added, one file each; see `models.store`."""
    override = os.environ.get("SIDELONG_MODELS_DIR")
    if override:
        return Path(override)
    return Path(platformdirs.user_data_dir(APP, appauthor=False)) / "models"


def config_file() -> Path:
    """The user's own settings; the file need not exist."""
    override = os.environ.get("SIDELONG_CONFIG")
    if override:
        return Path(override)
    folder = platformdirs.user_config_dir(APP, appauthor=False, roaming=True)
    return Path(folder) / "config.toml"


def default_model() -> Path:
    """The model that ships inside the package."""
    return Path(__file__).with_name("data") / "default.gguf"
