"""Reading git's configuration without git."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidelong_index.gitconfig import (
    find_repository,
    global_ignore_file,
    ignores_case,
    repository_at,
)


def test_a_work_tree_is_found_from_below(tmp_path: Path) -> None:
    (tmp_path / "top" / ".git").mkdir(parents=True)
    (tmp_path / "top" / "a" / "b").mkdir(parents=True)
    found = find_repository(tmp_path / "top" / "a" / "b")
    assert found is not None
    assert (found.top, found.git_dir) == (tmp_path / "top", tmp_path / "top" / ".git")


def test_a_linked_work_tree_shares_what_belongs_to_the_repository(tmp_path: Path) -> None:
    git_dir = tmp_path / "main" / ".git" / "worktrees" / "linked"
    git_dir.mkdir(parents=True)
    (git_dir / "commondir").write_text("../..\n")
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / ".git").write_text(f"gitdir: {git_dir}\n")
    found = repository_at(linked)
    assert found is not None
    assert found.git_dir.resolve() == tmp_path / "main" / ".git"


def test_a_file_called_git_that_is_something_else_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("hello")
    assert repository_at(tmp_path) is None


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("[core]\n\texcludesFile = ~/ignore\n", "ignore"),
        ("[Core]\nEXCLUDESFILE=~/ignore # my own\n", "ignore"),
        ('[core]\nexcludesfile = "~/my ignore"\n', "my ignore"),
        ("[core] excludesfile = ~/ignore\n", "ignore"),
        ("[core]\nexcludesfile = ~/a\n[user]\nname = x\n[core]\nexcludesfile = ~/b\n", "b"),
        ('[core "x"]\nexcludesfile = ~/a\n', ".config/git/ignore"),
        ("[other]\nexcludesfile = ~/a\n", ".config/git/ignore"),
        ("", ".config/git/ignore"),
    ],
)
def test_the_users_ignore_file(home: Path, config: str, expected: str) -> None:
    (home / ".gitconfig").write_text(config)
    assert global_ignore_file(None) == home / expected


def test_the_repository_overrides_the_user(home: Path, tmp_path: Path) -> None:
    (home / ".gitconfig").write_text("[core]\nexcludesfile = ~/users\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("[core]\nexcludesfile = ~/own\nignorecase = true\n")
    repository = repository_at(tmp_path)
    assert global_ignore_file(repository) == home / "own"
    assert ignores_case(repository)
    assert not ignores_case(None)


def test_the_xdg_folder_is_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert global_ignore_file(None) == tmp_path / "git" / "ignore"
