"""URIs: the same file, however the editor spells it."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest

from sidelong.lsp.uris import file_name, notebook_of_cell, path_from_uri, path_in_uri, relative_path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/me/a.py", "/home/me/a.py"),
        ("file:///home/me/a%20b%23c.py", "/home/me/a b#c.py"),
        ("file:///home/me/a b#c?.py", "/home/me/a b#c?.py"),
        ("file:///home/%E4%B8%AD/a.py", "/home/中/a.py"),
        ("file://localhost/home/a.py", "/home/a.py"),
        ("file:/home/a.py", "/home/a.py"),
        ("FILE:///home/a%2Bb.py", "/home/a+b.py"),
        ("file:////home/a.py", "/home/a.py"),
    ],
)
def test_posix_paths(uri: str, path: str) -> None:
    assert path_from_uri(uri, windows=False) == PurePosixPath(path)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///c%3A/me/a.py", "C:\\me\\a.py"),
        ("file:///C:/me/a%20b.py", "C:\\me\\a b.py"),
        ("file:///c:", "C:\\"),
        ("file:///c%3A/", "C:\\"),
        ("file://server/share/a.py", "\\\\server\\share\\a.py"),
        ("file://localhost/c:/a.py", "C:\\a.py"),
        ("file:////c:/a.py", "C:\\a.py"),
        ("file:////server/share/a.py", "\\\\server\\share\\a.py"),
    ],
)
def test_windows_paths(uri: str, path: str) -> None:
    assert path_from_uri(uri, windows=True) == PureWindowsPath(path)


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "git:/home/a.py",
        "not a uri",
        "http://[::1",
        "",
        "file:a.py",
        "file:///c:/a%00b.py",
    ],
)
@pytest.mark.parametrize("windows", [False, True])
def test_what_is_no_file_has_no_path(uri: str, windows: bool) -> None:
    assert path_from_uri(uri, windows=windows) is None


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("untitled:/me/a%20b.py", "/me/a b.py"),
        ("sftp://host/me/a.py?x#y", "/me/a.py"),
        ("file:////me/a.py", "/me/a.py"),
        ("untitled:Untitled-1", None),
        ("buffer:12", None),
    ],
)
def test_a_path_is_found_whatever_the_scheme(uri: str, path: str | None) -> None:
    assert path_in_uri(uri, windows=False) == (PurePosixPath(path) if path else None)


def test_a_windows_path_is_found_whatever_the_scheme() -> None:
    path = PureWindowsPath("C:\\me\\a.py")
    assert path_in_uri("untitled:c%3A%5Cme%5Ca.py", windows=True) == path
    assert path_in_uri("untitled:/c%3A/me/a.py", windows=True) == path


def test_windows_folders_hold_files_in_any_case() -> None:
    root, path = PureWindowsPath("C:\\Me\\Repo"), PureWindowsPath("c:\\me\\repo\\src\\a.py")
    assert relative_path(path, root) == "src/a.py"


def test_a_folder_does_not_hold_its_namesakes() -> None:
    assert relative_path(PurePosixPath("/repo2/a.py"), PurePosixPath("/repo")) is None


def test_logs_show_the_name_only() -> None:
    assert file_name("file:///home/me/secret%20project/a%20b.py") == "a b.py"
    assert file_name("untitled:Untitled-1") == "untitled:Untitled-1"


@pytest.mark.parametrize(
    ("cell", "notebook"),
    [
        ("vscode-notebook-cell:/a/b%20c%23.ipynb#W0sZmlsZQ%3D%3D", "file:///a/b%20c%23.ipynb"),
        ("vscode-notebook-cell:/c%3A/a.ipynb#W0sZmlsZQ%3D%3D", "file:///c%3A/a.ipynb"),
        ("vscode-notebook-cell://ssh-remote%2Bme/a/b.ipynb#X1", "file:///a/b.ipynb"),
        ("vscode-notebook-cell:New-1.ipynb?jupyter-notebook#W0", "untitled:New-1.ipynb"),
        ("vscode-notebook-cell:/a/b.ipynb?%7B%7D#W0sZ2l0", "git:/a/b.ipynb"),
        ("vscode-notebook-cell://h/a.ipynb#W0sdnNjb2RlLXZmcw%3D%3D", "vscode-vfs://h/a.ipynb"),
        ("file:///a/b.ipynb#W0", None),
        ("untitled:New-1.ipynb", None),
    ],
)
def test_a_cell_of_vs_code_names_its_notebook(cell: str, notebook: str | None) -> None:
    assert notebook_of_cell(cell) == notebook
