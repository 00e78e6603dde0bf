"""Workspace folders: where a document belongs."""

from __future__ import annotations

import pytest

from sidelong.lsp.folders import Folders


def folders(*uris: str) -> Folders:
    found = Folders()
    for uri in uris:
        found.add(uri, uri.rpartition("/")[2])
    return found


def places(found: Folders, uri: str) -> list[tuple[str, str]]:
    return [(place.folder.name, place.path) for place in found.places(uri)]


@pytest.mark.skipif("os.name == 'nt'", reason="POSIX paths; Windows' are in test_uris")
def test_the_deepest_folder_comes_first_and_all_are_told() -> None:
    found = folders("file:///work/app", "file:///work/app/lib", "file:///work/application")
    assert places(found, "file:///work/app/lib/x.py") == [("lib", "x.py"), ("app", "lib/x.py")]
    assert places(found, "file:///work/app/x.py") == [("app", "x.py")]
    assert places(found, "file:///work/x.py") == []


def test_untitled_documents_lie_in_the_first_folder() -> None:
    found = folders("file:///a", "file:///b")
    assert places(found, "untitled:Untitled-1") == [("a", "Untitled-1")]
    assert places(folders(), "untitled:Untitled-1") == []


def test_other_schemes_lie_nowhere() -> None:
    assert places(folders("file:///a"), "git:/a/x.py") == []


def test_a_folder_is_added_once_and_removed_however_it_is_spelled() -> None:
    found = folders("file:///a%20b")
    assert found.add("file:///a b/", "again") is None
    assert found.remove("file:///a b") is not None
    assert found.remove("file:///a b") is None
    assert list(found) == []
