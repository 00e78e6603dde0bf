"""Only regular files are read, only so far, and without ever waiting for one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sidelong_index import Index
from sidelong_index.regular_files import read_below, read_file, read_lines
from sidelong_index.rules import Skipped
from sidelong_index.walk import Tree

Plant = Callable[[Mapping[str, str]], Path]
Spoil = Callable[[Path], None]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs links, pipes and devices")

ANY_REASON = "regular|link|Not a directory|symbolic"
PATIENCE_S = 60.0
MEMORY_BYTES = 512 * 1024 * 1024


def link_to_an_endless_device(file: Path) -> None:
    file.symlink_to("/dev/zero")


def pipe(file: Path) -> None:
    os.mkfifo(file)


def link_to_a_pipe(file: Path) -> None:
    os.mkfifo(file.with_name("pipe"))
    file.symlink_to("pipe")


def link_to_itself(file: Path) -> None:
    file.symlink_to(file.name)


SPOILED = [link_to_an_endless_device, pipe, link_to_a_pipe, link_to_itself]


@pytest.mark.parametrize("spoil", SPOILED)
@pytest.mark.parametrize("follow_link", [False, True])
def test_only_regular_files_are_read(tmp_path: Path, spoil: Spoil, follow_link: bool) -> None:
    spoil(tmp_path / "file")
    with pytest.raises(OSError, match=ANY_REASON):
        read_file(tmp_path / "file", 10, follow_link=follow_link)
    with pytest.raises(OSError, match=ANY_REASON):
        read_below(tmp_path, "file", 10)
    assert read_lines(tmp_path / "file", 10, follow_link=follow_link) == []


def test_a_link_to_a_file_is_followed_only_where_asked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a\nb\n")
    (tmp_path / "link").symlink_to("file")
    assert read_lines(tmp_path / "link", 10, follow_link=True) == ["a", "b", ""]
    assert read_lines(tmp_path / "link", 10) == []


def test_no_folder_below_the_root_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.py").write_text("secret")
    (root / "sub").symlink_to(tmp_path / "outside")
    (tmp_path / "way").symlink_to(tmp_path)
    with pytest.raises(OSError, match=ANY_REASON):
        read_below(root, "sub/a.py", 10)
    # The root itself is what the user opened, by whatever way.
    assert read_below(tmp_path / "way" / "outside", "a.py", 3) == b"sec"


def test_a_long_file_is_read_as_far_as_whole_lines_fit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("one\ntwo\nthree\n")
    assert read_lines(tmp_path / "file", 10) == ["one", "two", ""]
    assert f"{tmp_path / 'file'} is read only as far as" in caplog.text


def test_a_file_that_became_a_link_after_the_listing_is_not_read(
    plant: Plant, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.py").write_text("secret")
    root = plant({"a.py": "x", "sub/a.py": "y"})
    tree = Tree(root)
    listing = tree.walk()
    assert listing is not None
    assert set(listing.files) == {"a.py", "sub/a.py"}

    (root / "a.py").unlink()
    (root / "a.py").symlink_to(tmp_path / "outside" / "a.py")
    (root / "sub" / "a.py").unlink()
    (root / "sub").rmdir()
    (root / "sub").symlink_to(tmp_path / "outside")
    assert tree.read("a.py") == Skipped("unreadable")
    assert tree.read("sub/a.py") is None


@pytest.mark.parametrize("spoil", [link_to_an_endless_device, pipe])
def test_a_spoiled_ignore_file_costs_only_itself(
    plant: Plant, tmp_path: Path, spoil: Spoil
) -> None:
    config = f"[core]\nexcludesFile = {tmp_path / 'named'}\n"
    paths = ["a.py", "other/a.py", "sub/a.py"]
    root = plant({"../.git/config": config, **dict.fromkeys(paths, "x\n")})
    (root.parent / ".git" / "info").mkdir()
    spoiled = ["../.git/info/exclude", "../named", "../.gitignore", ".gitignore", "sub/.gitignore"]
    for place in [*spoiled, "other/.git"]:
        spoil(root / place)
    assert_index_holds(root, paths)


@pytest.mark.parametrize("spoil", [link_to_an_endless_device, pipe])
@pytest.mark.parametrize("place", [".git", ".git/config"])
def test_a_spoiled_repository_is_none(plant: Plant, place: str, spoil: Spoil) -> None:
    root = plant({"a.py": "x\n"})
    (root / place).parent.mkdir(exist_ok=True)
    spoil(root / place)
    assert_index_holds(root, ["a.py"])


def test_the_users_own_ignore_file_may_be_a_link(plant: Plant, tmp_path: Path) -> None:
    (tmp_path / "collection").write_text("b.py\n")
    (tmp_path / "named").symlink_to("collection")
    config = f"[core]\nexcludesFile = {tmp_path / 'named'}\n"
    assert_index_holds(plant({".git/config": config, "a.py": "x\n", "b.py": "x\n"}), ["a.py"])


def test_what_gits_files_name_outside_is_read_as_patterns_only(
    plant: Plant, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outside = tmp_path / "outside"
    (outside / "info").mkdir(parents=True)
    (outside / "named").write_text("b.py\nzanzibar1\n")
    (outside / "linked").write_text("c.py\nzanzibar2\n")
    (outside / "info" / "exclude").symlink_to(outside / "linked")
    (outside / "config").write_text(f"[core]\nexcludesFile = {outside / 'named'}\n")
    root = plant({".git": f"gitdir: {outside}\n", "a.py": "x\n", "b.py": "x\n", "c.py": "x\n"})
    caplog.set_level("DEBUG")
    index = Index(root, cache_dir=tmp_path / "cache", watch=False)
    index.start()
    assert index.wait(PATIENCE_S)
    index.stop()
    assert index.snapshot.paths() == ["a.py"]
    assert index.snapshot.search("zanzibar1 zanzibar2", k=9) == []
    (kept,) = (tmp_path / "cache").iterdir()
    assert b"zanzibar" not in kept.read_bytes()
    assert "zanzibar" not in caplog.text


def test_git_and_we_do_not_follow_a_link_called_gitignore(
    plant: Plant, git_ignores: Callable[[Path, list[str]], set[str]]
) -> None:
    root = plant({"patterns": "a.py\n", "a.py": "x\n"})
    (root / ".gitignore").symlink_to("patterns")
    assert git_ignores(root, ["a.py"]) == set()
    assert_index_holds(root, ["a.py", "patterns"])


INDEXING = """
import resource, sys
from pathlib import Path
from sidelong_index import Index

resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[2]), int(sys.argv[2])))
index = Index(Path(sys.argv[1]), watch=False)
index.start()
assert index.wait(float(sys.argv[3]))
index.stop()
print(*sorted(index.snapshot.paths()))
"""


def assert_index_holds(root: Path, paths: list[str]) -> None:
    """Index the root in a process of little memory, which has to finish and end by itself."""
    command = [sys.executable, "-c", INDEXING, str(root), str(MEMORY_BYTES), str(PATIENCE_S)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=2 * PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [path for path in done.stdout.split() if ".git" not in path] == paths


def test_an_index_stops_while_a_pipe_stands_in_for_an_ignore_file(plant: Plant) -> None:
    root = plant({"a.py": "x\n"})
    os.mkfifo(root / ".gitignore")
    index = Index(root, watch=False)
    index.start()
    assert index.wait(PATIENCE_S)
    index.stop()
    assert index.snapshot.paths() == ["a.py"]
