"""The user's folders for caches, configuration and models, per platform.

`SIDELONG_CACHE_DIR`, `SIDELONG_CONFIG`, `SIDELONG_MODELS_DIR` and `SIDELONG_SPEED_FILE` override
them, for tests and for unusual machines.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

APP = "sidelong"


def cache_dir() -> Path:
    """The folder of files that may be deleted: indexes, and the facts learnt about folders."""
    override = os.environ.get("SIDELONG_CACHE_DIR")
    return Path(override) if override else Path(platformdirs.user_cache_dir(APP, appauthor=False))


def index_cache_dir() -> Path:
    """The folder of saved indexes, one file for each workspace folder."""
    return cache_dir() / "index"


def learnt_dir() -> Path:
    """The folder of facts learnt about workspace folders, a few files for each."""
    return cache_dir() / "learnt"


def models_dir() -> Path:
    """The folder of the models that the user fetched or added; see `models.store`."""
    override = os.environ.get("SIDELONG_MODELS_DIR")
    if override:
        return Path(override)
    return Path(platformdirs.user_data_dir(APP, appauthor=False)) / "models"


def config_file() -> Path:
    """The file of the user's settings; it need not exist."""
    override = os.environ.get("SIDELONG_CONFIG")
    if override:
        return Path(override)
    folder = platformdirs.user_config_dir(APP, appauthor=False, roaming=True)
    return Path(folder) / "config.toml"


def speed_file() -> Path:
    """The measured speed of the default model on this machine."""
    override = os.environ.get("SIDELONG_SPEED_FILE")
    return Path(override) if override else cache_dir() / "speed.json"


def default_model() -> Path:
    """The better of the two models that ship inside the package."""
    return Path(__file__).with_name("data") / "default.gguf"


def nano_model() -> Path:
    """The small one, for machines on which the other takes too long."""
    return Path(__file__).with_name("data") / "nano.gguf"
