"""From settings to loaded models: a shipped model that cannot be loaded costs quality only."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidelong.engine.loading import load_models
from sidelong.errors import ModelError
from sidelong.paths import nano_model
from sidelong.settings import UserSettings


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    path = tmp_path / "default.gguf"
    path.write_bytes(nano_model().read_bytes()[:100_000])
    return path


def test_nano_completes_where_the_better_shipped_model_cannot_be_loaded(damaged: Path) -> None:
    model, policy = load_models(UserSettings(threads=1, shipped=damaged))
    assert (model.name, policy) == ("nano.gguf", None)
    model.close()


def test_a_model_that_the_user_named_is_not_replaced_in_silence(damaged: Path) -> None:
    with pytest.raises(ModelError):
        load_models(UserSettings(threads=1, model=damaged, shipped=nano_model()))
