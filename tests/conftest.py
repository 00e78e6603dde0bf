"""The fixtures of many tests: the shipped model, and folders that belong to the test."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidelong.engine import Speed
from sidelong.engine.model.llama import LlamaModel
from sidelong.paths import nano_model
from sidelong.settings import UserSettings
from sidelong.shipped import keep_speed

SLOW = Speed(prefill=1, decode=1)
"""Tokens a second of the larger model in the package: too few, so that the small one is used."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As shells start what runs in the background; programs under test would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the user's settings or touches the user's cache; the machine is a slow one."""
    folder = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("SIDELONG_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setenv("SIDELONG_SPEED_FILE", str(folder / "speed.json"))
    for threads in (None, 1, 2):  # as many as tests give to a server
        keep_speed(SLOW, UserSettings(threads=threads))
    monkeypatch.setenv("SIDELONG_CONFIG", str(folder / "config.toml"))
    monkeypatch.setenv("SIDELONG_MODELS_DIR", str(folder / "models"))


@pytest.fixture(scope="session")
def default_model() -> Path:
    """The GGUF that ships in the package for slow machines, such as the tests' machine is."""
    path = nano_model()
    assert path.is_file(), "the package lacks its model: git checkout server/sidelong/data"
    return path


@pytest.fixture(scope="session")
def llama(default_model: Path) -> Iterator[LlamaModel]:
    """The shipped model, loaded once; tests must not count on what its KV cache holds."""
    model = LlamaModel(default_model, threads=1)
    yield model
    model.close()
