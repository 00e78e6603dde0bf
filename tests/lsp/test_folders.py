"""Workspace folders, and the files that documents are in them."""

from __future__ import annotations

import pytest

from sidelong.lsp.folders import Folders


def folders(*uris: str) -> Folders:
    folders = Folders()
    for uri in uris:
        folders.add(uri, uri.rpartition("/")[2])
    return folders


def places(folders: Folders, uri: str) -> list[tuple[str, str]]:
    return [(file.folder.name, file.path) for file in folders.files(uri)]


@pytest.mark.skipif("os.name == 'nt'", reason="POSIX paths; Windows' are in test_uris")
def test_the_deepest_folder_comes_first_and_all_are_told() -> None:
    workspace = folders("file:///work/app", "file:///work/app/lib", "file:///work/application")
    assert places(workspace, "file:///work/app/lib/x.py") == [("lib", "x.py"), ("app", "lib/x.py")]
    assert places(workspace, "file:///work/app/x.py") == [("app", "x.py")]
    assert places(workspace, "file:///work/x.py") == []


def test_untitled_documents_lie_in_the_first_folder() -> None:
    workspace = folders("file:///a", "file:///b")
    assert places(workspace, "untitled:Untitled-1") == [("a", "Untitled-1")]
    assert places(workspace, "buffer:7") == [("a", "7")]
    assert places(workspace, "untitled:/b/c.py") == [("b", "c.py")]
    assert places(folders(), "untitled:Untitled-1") == []


def test_other_schemes_lie_nowhere() -> None:
    assert places(folders("file:///a"), "git:/a/x.py") == []


def test_a_folder_is_added_once_and_removed_however_it_is_spelled() -> None:
    workspace = folders("file:///a%20b")
    assert workspace.add("file:///a b/", "again") is None
    assert workspace.remove("file:///a b") is not None
    assert workspace.remove("file:///a b") is None
    assert list(workspace) == []
