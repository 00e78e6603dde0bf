"""`sidelong index`: what it counts, what it keeps, what it leaves out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unreadable import as_any_user

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_json_has_the_documented_names(sidelong: Run, workspace: Path) -> None:
    report = sidelong("index", workspace, "--json").json

    assert set(report) == {
        "root",
        "files",
        "chunks",
        "files_read",
        "skipped",
        "seconds",
        "cache_folder",
        "deleted",
        "cache_bytes",
    }
    assert report["root"] == str(workspace)
    # pyproject.toml and two modules.
    assert report["files"] == report["files_read"] == 3
    assert report["chunks"] >= 3
    assert report["skipped"] == {}


def test_a_second_run_reads_only_what_has_changed(sidelong: Run, workspace: Path) -> None:
    sidelong("index", workspace)
    (workspace / "new.py").write_text("def more():\n    return 1\n", encoding="utf-8")

    report = sidelong("index", workspace, "--json").json

    assert (report["files"], report["files_read"]) == (4, 1)


def test_what_is_left_out_comes_with_its_reason(sidelong: Run, workspace: Path) -> None:
    (workspace / ".env").write_text("TOKEN=abc\n", encoding="utf-8")
    (workspace / "picture.py").write_bytes(b"\0\1\2")
    (workspace / ".gitignore").write_text("generated.py\n", encoding="utf-8")
    (workspace / "generated.py").write_text("x = 1\n", encoding="utf-8")

    report = sidelong("index", workspace, "--json").json

    assert report["skipped"] == {"secret name": 1, "binary": 1}
    # The three files of the workspace, and .gitignore itself.
    assert report["files"] == 4


def test_the_users_exclude_setting_counts(
    sidelong: Run, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('exclude = ["shapes.py"]\n', encoding="utf-8")
    monkeypatch.setenv("SIDELONG_CONFIG", str(config))

    assert sidelong("index", workspace, "--json").json["files"] == 2


def test_the_index_lies_in_the_cache_folder(
    sidelong: Run, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIDELONG_CACHE_DIR", str(tmp_path / "cache"))
    before = set(workspace.rglob("*"))

    report = sidelong("index", workspace, "--json").json

    assert set(workspace.rglob("*")) == before
    assert report["cache_folder"] == str(tmp_path / "cache" / "index")
    assert report["cache_bytes"] > 0


@pytest.mark.parametrize("inside", [True, False])
def test_an_index_that_cannot_be_kept_is_a_failure(
    sidelong: Run, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: bool
) -> None:
    cache = (workspace if inside else tmp_path) / "cache"
    if not inside:
        cache.write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.setenv("SIDELONG_CACHE_DIR", str(cache))

    result = sidelong("index", workspace, "--json")

    assert result.status == 1
    assert f"could not be kept in {cache / 'index'}" in result.err
    assert "set SIDELONG_CACHE_DIR" in result.err
    assert (result.json["files"], result.json["cache_bytes"]) == (3, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="needs sparse files")
def test_a_folder_that_is_larger_than_the_index_is_pointed_out(
    sidelong: Run, tmp_path: Path
) -> None:
    (tmp_path / "large").mkdir()
    for i in range(401):
        with (tmp_path / "large" / f"{i}.txt").open("wb") as sparse:
            sparse.truncate(1024 * 1024)
    result = sidelong("index", tmp_path / "large")
    assert result.status == 0
    assert "more than the index takes: 400 files" in result.err
    assert "`exclude`" in result.err


def test_a_folder_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    tmp_path.chmod(0o300)
    command = [sys.executable, *as_any_user("-m", "sidelong", "index", str(tmp_path))]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    tmp_path.chmod(0o700)
    assert done.returncode == 1
    assert done.stderr == (
        f"sidelong: {tmp_path} cannot be read. Make it readable, or give another folder.\n"
    )


def test_settings_that_cannot_be_used_are_pointed_out(sidelong: Run, workspace: Path) -> None:
    config = Path(os.environ["SIDELONG_CONFIG"])
    config.write_text('maxLines = "many"\n', encoding="utf-8")
    result = sidelong("index", workspace)
    assert result.status == 0
    assert "sidelong: " in result.err
    assert "maxLines" in result.err


def test_people_get_the_figures(sidelong: Run, workspace: Path) -> None:
    result = sidelong("index", workspace)
    assert result.status == 0
    assert "chunks" in result.out
    assert str(workspace) in result.out.replace("\n", "")


def test_without_a_folder_it_is_the_current_one(
    sidelong: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    assert sidelong("index", "--json").json["root"] == str(workspace)


def test_indexes_of_deleted_folders_go(sidelong: Run, workspace: Path, tmp_path: Path) -> None:
    gone = Path(shutil.copytree(workspace, tmp_path / "gone"))
    sidelong("index", gone)
    shutil.rmtree(gone)

    report = sidelong("index", workspace, "--json").json
    assert report["deleted"] == [str(gone)]
    again = sidelong("index", workspace, "--json").json
    assert again["deleted"] == []
    assert again["files_read"] == 0
