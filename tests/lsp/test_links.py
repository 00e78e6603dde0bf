"""Links: a file is one file, whichever names its folder and its document are opened by."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from sidelong.lsp.real_paths import RealPaths

NewEditor = Callable[..., Any]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="making links takes rights on Windows")

HELPERS = "while gadget.frobnication < strength:\n    gadget.turn(clockwise=True)\n"
QUESTION = "while gadget.frobnication < strength:\n    gadget.$0\n"
SHOWS = '#! {"text": "{path} {retrieval}"}\n'


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A workspace, which `tmp_path/link/workspace` leads to as well."""
    real = tmp_path / "disk" / "workspace"
    real.mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    return real


def files(editor: Any) -> list[int | None]:
    told = editor.run(editor.request("sidelong/indexed", None))
    return [folder["files"] for folder in told["folders"]]


@pytest.mark.parametrize(("folder_by", "document_by"), [("link", "disk"), ("disk", "link")])
def test_folder_and_document_may_be_opened_by_different_names(
    real: Path, new_editor: NewEditor, tmp_path: Path, folder_by: str, document_by: str
) -> None:
    (real / "sub").mkdir()
    (real / "sub" / "a.py").write_text("x = 1\n")
    folder = tmp_path / folder_by / "workspace"
    editor = new_editor()
    editor.client.set_configuration(
        {"retrieval": {"mode": "always"}}, section="sidelong", scope_uri=folder.as_uri()
    )
    editor.start(folders=[folder])
    editor.until(lambda: editor.state == "ready")
    uri = (tmp_path / document_by / "workspace" / "sub" / "a.py").as_uri()
    doc = editor.open("", SHOWS, uri=uri)
    assert editor.suggestion(doc) == "sub/a.py always"
    assert files(editor) == [1]
    assert editor.shut_down() == 0


def test_a_link_to_a_file_is_that_file(real: Path, new_editor: NewEditor) -> None:
    (real / "a.py").write_text("x = 1\n")
    (real / "b.py").symlink_to("a.py")
    editor = new_editor(real)
    editor.start()
    editor.until(lambda: editor.state == "ready")
    by_link, by_name = editor.open("b.py", SHOWS), editor.open("a.py", SHOWS)
    assert editor.suggestion(by_link) == "a.py auto"
    assert editor.suggestion(by_name) == "a.py auto"
    assert files(editor) == [1]
    editor.close(by_name)
    editor.close(by_link)
    assert files(editor) == [1]
    assert editor.shut_down() == 0


def test_a_link_that_leads_out_of_the_workspace_keeps_its_name_and_settings(
    real: Path, new_editor: NewEditor, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere.py").write_text("x = 1\n")
    (real / "a.py").symlink_to(tmp_path / "elsewhere.py")
    editor = new_editor(real)
    editor.client.set_configuration(
        {"retrieval": {"mode": "never"}}, section="sidelong", scope_uri=real.as_uri()
    )
    editor.start()
    editor.until(lambda: editor.state == "ready")
    assert editor.suggestion(editor.open("a.py", SHOWS)) == "a.py never"
    assert editor.shut_down() == 0


def test_the_cursors_own_lines_do_not_come_back_by_a_link(
    real: Path, new_editor: NewEditor, tmp_path: Path, default_model: Path
) -> None:
    (real / "src").mkdir()
    (real / "src" / "asks.py").write_text(QUESTION.replace("$0", ""))
    (real / "helpers.py").write_text(HELPERS)
    (real / "link").symlink_to("src")
    editor = new_editor(real)
    editor.client.set_configuration({"retrieval": {"mode": "always"}}, section="sidelong")
    editor.start(*editor.serve)
    editor.until(lambda: editor.state == "ready")
    doc = editor.open("link/asks.py", QUESTION)
    assert files(editor) == [2]
    editor.type(doc, "tur")
    editor.complete(doc, invoked=True)
    assert [chunk["path"] for chunk in editor.explain(doc)["chunks"]] == ["helpers.py"]
    assert editor.shut_down() == 0


async def test_a_disk_that_stalls_delays_nobody_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, found = threading.Event(), asyncio.Event()
    look = os.path.realpath

    def stall(path: str) -> str:
        go_on.wait(20)
        return look("/") + "real"

    monkeypatch.setattr("sidelong.lsp.real_paths._WITHIN_S", 0.0)
    monkeypatch.setattr(os.path, "realpath", stall)
    paths, link = RealPaths(), PurePosixPath("/link")
    paths.seek(link, found.set)
    paths.seek(link, found.set)
    await paths.wait()
    assert paths.get(link) == link
    go_on.set()
    await asyncio.wait_for(found.wait(), 20)
    assert paths.get(link) == PurePosixPath("/real")
    paths.forget(link)
    assert paths.get(link) == link


async def test_a_path_that_was_forgotten_meanwhile_is_not_kept() -> None:
    paths, path = RealPaths(), PurePosixPath("/")
    paths.seek(path, lambda: None)
    paths.forget(path)
    paths.seek(path, lambda: None)
    await paths.wait()
    assert paths.get(path) == path
