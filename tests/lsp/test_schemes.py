"""Documents that are no plain files: each has the settings of its path, or is not completed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lsp.conftest import Editor

CODE = """def totals(item):
    one = compute_the_total(item, tax=True)
    two = compute_the_total(item, tax=True)
    three = compute_the_total(item, tax=True)
    four = comp$0
"""
UNIQUE = "while gadget.frobnication < strength:\n    gadget.turn(clockwise=True)\n"

OFF = "sidelong.enabled is false"


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory, default_model: Path) -> Iterator[Editor]:
    """An editor on the real server, with completion in the folder `on` and not in `off`."""
    top = tmp_path_factory.mktemp("schemes")
    editor = Editor(top / "on")
    off = top / "off"
    for folder in (editor.folder, off):
        folder.mkdir()
    editor.client.set_configuration({"enabled": False}, section="sidelong", scope_uri=off.as_uri())
    editor.start(*editor.serve, folders=[editor.folder, off], options={"minProbability": 0})
    editor.until(lambda: editor.state == "ready")
    yield editor
    assert editor.shut_down() == 0


def uri(form: str, folder: Path, name: str) -> str:
    return form.format(path=(folder / name).as_uri().removeprefix("file://"))


HOLD_TEXT = [
    "file://{path}",
    "file:////{path}",
    "file://localhost{path}",
    "FILE:{path}",
    "untitled:{path}",
    "inmemory://model{path}",
    "vscode-notebook-cell:{path}#W0sZmlsZQ%3D%3D",
    "vscode-notebook-cell:{path}#W3sdW50aXRsZWQ%3D",
    "vscode-notebook-cell://ssh-remote%2Bme{path}#W0sdnNjb2RlLXJlbW90ZQ%3D%3D",
]


@pytest.mark.parametrize("form", HOLD_TEXT)
def test_settings_go_by_the_path_whatever_the_scheme(windows: Editor, form: str) -> None:
    there = windows.open("", CODE, uri=uri(form, windows.folder, "a.py"))
    assert windows.suggestion(there).startswith("ute_the_total"), windows.explain(there)
    off = windows.open("", CODE, uri=uri(form, windows.folder.parent / "off", "a.py"))
    assert windows.complete(off) == []
    record = windows.explain(off)
    assert (record["outcome"], record["reason"]) == ("off", OFF)
    windows.close(there)
    windows.close(off)


SHOW_TEXT = [
    "git:{path}?%7B%22ref%22%3A%22HEAD%22%7D",
    "gitlens://{path}",
    "output:exthost",
    "vscode-scm:git/scm0/input?rootUri",
    "search-editor:/search",
    "search-editor:#0.1",
    "vscode-notebook-cell:{path}?%7B%22ref%22%3A%22HEAD%22%7D#W0sZ2l0",
    "vscode-notebook-cell-output:{path}#W0s",
    "debug:replinput",
    "fugitive://{path}.git//0/a.py",
    "term://{path}//1:/bin/sh",
    "jdt://contents/rt.jar/Object.class",
]


@pytest.mark.parametrize("form", SHOW_TEXT)
@pytest.mark.parametrize("place", ["on", "off"])
def test_what_only_shows_text_is_not_completed(windows: Editor, form: str, place: str) -> None:
    shown = windows.open("", CODE, uri=uri(form, windows.folder.parent / place, "a.py"))
    assert windows.complete(shown, invoked=True) == []
    record = windows.explain(shown)
    assert record["outcome"] == "off"
    scheme = "git" if "#W0sZ2l0" in form else form.partition(":")[0]
    assert record["reason"].startswith(f"documents of the scheme '{scheme}' are not completed: ")
    assert record["reason"] in windows.log.read_text()
    windows.close(shown)


def test_documents_that_a_client_gives_no_name_are_not_completed(windows: Editor) -> None:
    """One client calls all its buffers without a name `file://`, and their texts mix."""
    nameless = windows.open("", CODE, uri="file://")
    assert windows.complete(nameless) == []
    assert windows.explain(nameless)["reason"].startswith("file:// names no file.")
    windows.close(nameless)


def test_an_old_version_of_a_file_does_not_shadow_it(windows: Editor) -> None:
    file = windows.folder / "kept.py"
    file.write_text(UNIQUE, encoding="utf-8")
    windows.configure({"retrieval": {"mode": "always"}})
    old = windows.open("", "nothing = 1\n", uri=uri("git:{path}?ref", windows.folder, "kept.py"))
    asks = windows.open("asks.py", UNIQUE.partition("turn(")[0] + "$0")
    windows.run(windows.request("sidelong/indexed", None))
    windows.complete(asks, invoked=True)
    assert {chunk["path"] for chunk in windows.explain(asks)["chunks"]} == {"kept.py"}
    windows.configure(None)
    windows.close(asks)
    windows.close(old)


def test_a_virtual_folders_documents_have_its_settings(
    new_editor: Callable[..., Any], default_model: Path, tmp_path: Path
) -> None:
    editor = new_editor()
    editor.client.set_configuration({"enabled": False}, section="sidelong", scope_uri=VIRTUAL)
    editor.start(*editor.serve, options={"minProbability": 0})
    before = editor.open("", CODE, uri=f"{VIRTUAL}/a.py")
    assert editor.complete(before) == []
    assert "'vscode-vfs'" in editor.explain(before)["reason"]
    for other in (VIRTUAL, VIRTUAL.replace("/me/", "/you/")):
        editor.add_folder(other)
    editor.until(lambda: editor.complete(before) == [] and editor.explain(before)["reason"] == OFF)
    mine = editor.open("", CODE, uri=f"{VIRTUAL.replace('/me/', '/you/')}/a.py")
    assert editor.suggestion(mine).startswith("ute_the_total")
    assert editor.shut_down() == 0


VIRTUAL = "vscode-vfs://github/me/project"
