"""Facts learnt about folders: used if their file is whole, done without if it is not."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from sidelong import paths
from sidelong.engine.correction import Correction, to_json
from sidelong.learnt import correction_file, forget, load_correction, save_correction

FOUND = Correction("a", 0.1, 0.2, np.ones(3), np.array([0.0, 1.0]), np.array([0.0, 1.0]))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "project"


def test_a_correction_is_kept_for_its_folder_alone(root: Path) -> None:
    assert load_correction(root) is None
    assert save_correction(root, FOUND)
    kept = load_correction(root)
    assert kept is not None
    assert to_json(kept) == to_json(FOUND)
    assert load_correction(root.parent / "other" / "project") is None
    assert load_correction(None) is None


def test_a_link_to_the_folder_is_the_folder(root: Path, tmp_path: Path) -> None:
    root.mkdir()
    link = tmp_path / "link"
    link.symlink_to(root)
    save_correction(root, FOUND)
    assert load_correction(link) is not None


def test_it_lies_in_the_cache_folder(root: Path) -> None:
    save_correction(root, FOUND)
    (file,) = paths.learnt_dir().iterdir()
    assert file == correction_file(root)
    assert file.is_relative_to(paths.cache_dir())
    assert not root.exists()


HUGE = '{"format": 1, "models": "a", "bias": 1' + 400 * "0" + "}"


@pytest.mark.parametrize(
    "content", ["", "{", '{"format": 9}', "[1]", "\0", HUGE, 100_000 * "["], ids=range(7)
)
def test_a_damaged_file_is_not_used_and_said_so(
    root: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    save_correction(root, FOUND)
    correction_file(root).write_text(content, encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert load_correction(root) is None
    assert "is not used" in caplog.text


def test_bytes_that_are_no_text_are_not_used(root: Path) -> None:
    save_correction(root, FOUND)
    correction_file(root).write_bytes(b"\xff\xfe\x00")
    assert load_correction(root) is None


def test_where_nothing_can_be_written_only_the_correction_is_lost(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.setenv("SIDELONG_CACHE_DIR", str(blocked))
    assert not save_correction(root, FOUND)
    assert "cannot be kept" in caplog.text


def test_forgetting_deletes_what_is_there(root: Path) -> None:
    save_correction(root, FOUND)
    save_correction(root.parent / "other", FOUND)
    assert forget(root) == [correction_file(root)]
    assert forget(root) == []
    assert load_correction(root) is None
    assert load_correction(root.parent / "other") is not None
