"""What many tests share: the shipped model, and folders of sidelong's own that are the test's."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidelong.engine.model.llama import LlamaModel
from sidelong.paths import default_model as default_model_path

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As shells start what runs in the background; programs under test would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the user's settings or touches the user's cache."""
    folder = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("SIDELONG_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setenv("SIDELONG_CONFIG", str(folder / "config.toml"))
    monkeypatch.setenv("SIDELONG_MODELS_DIR", str(folder / "models"))


@pytest.fixture(scope="session")
def default_model() -> Path:
    """The GGUF that ships in the package."""
    path = default_model_path()
    assert path.is_file(), "the package lacks its model: git checkout server/sidelong/data"
    return path


@pytest.fixture(scope="session")
def llama(default_model: Path) -> Iterator[LlamaModel]:
    """The shipped model, loaded once; tests must not count on what its KV cache holds."""
    model = LlamaModel(default_model, threads=1)
    yield model
    model.close()
