"""Models are told from the other files of their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sidelong.models.store import dangling, find, installed

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links want rights there")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model, a link to one elsewhere, a link to nowhere and a folder."""
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "here.gguf").write_bytes(b"GGUF")
    (tmp_path / "elsewhere").write_bytes(b"GGUF")
    (folder / "linked.gguf").symlink_to(tmp_path / "elsewhere")
    (folder / "gone.gguf").symlink_to(tmp_path / "nowhere.gguf")
    (folder / "folder.gguf").mkdir()
    return folder


def test_what_is_no_file_is_no_model(folder: Path) -> None:
    assert [model.name for model in installed(folder)] == ["here", "linked"]
    assert find(folder, "here.gguf").size_bytes == 4


@pytest.mark.parametrize("name", ["gone", "gone.gguf"])
def test_a_link_to_nowhere_is_found_by_its_name(folder: Path, name: str) -> None:
    found = dangling(folder, name)
    assert found is not None
    assert (found.name, found.path) == ("gone", folder / "gone.gguf")


@pytest.mark.parametrize("name", ["here", "linked", "folder", "absent", "../models/gone"])
def test_nothing_else_is_a_link_to_nowhere(folder: Path, name: str) -> None:
    assert dangling(folder, name) is None
