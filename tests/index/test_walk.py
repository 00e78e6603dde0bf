"""Which files a walk lists, besides ignored ones."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sidelong_index import Reason, select_files
from sidelong_index.rules import Skipped
from sidelong_index.scan import Stamp
from sidelong_index.walk import Listing, RootError, Tree

Plant = Callable[[Mapping[str, str]], Path]


def walk(tree: Tree) -> Listing:
    listing = tree.walk()
    assert listing is not None
    return listing


def test_files_come_from_the_top_down(plant: Plant) -> None:
    root = plant({"z.py": "", "a/b/c.py": "", "a/b.py": "", "b/a.py": "", "a.py": ""})
    assert list(walk(Tree(root)).files) == ["a.py", "z.py", "a/b.py", "b/a.py", "a/b/c.py"]


def test_what_is_left_out_has_a_reason(plant: Plant) -> None:
    root = plant({".env": "", "sub/a.key": "", "big.py": "x" * 1_100_000, "go.sum": "", "a.py": ""})
    listing = walk(Tree(root))
    assert list(listing.files) == ["a.py"]
    assert listing.skipped == {
        ".env": "secret name",
        "sub/a.key": "secret name",
        "big.py": "too large",
        "go.sum": "lock file",
    }


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="needs links")
def test_links_are_not_followed(plant: Plant, tmp_path: Path) -> None:
    root = plant({"sub/a.py": ""})
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.py").write_text("")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "link.py").symlink_to(tmp_path / "outside" / "secret.py")
    (root / "sub" / "cycle").symlink_to(root)
    (root / "broken.py").symlink_to(root / "nowhere.py")
    tree = Tree(root)
    assert list(walk(tree).files) == ["sub/a.py"]
    assert tree.look("link.py") is None
    assert tree.look("out/secret.py") == "ignored"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_work_trees_of_the_same_repository_are_not_entered(plant: Plant, tmp_path: Path) -> None:
    root = plant({"src/a.py": ""})
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    git(root, "worktree", "add", "-q", ".agents/one")
    git(root, "worktree", "add", "-q", "src/two")
    git(tmp_path, "clone", "-q", str(root), str(root / "vendored"))
    tree = Tree(root)
    assert list(walk(tree).files) == ["src/a.py", "vendored/src/a.py"]
    assert tree.refuse(".agents/one/src/a.py") == "ignored"
    assert tree.walk_below(".agents/one") is None

    opened = Tree(root / ".agents" / "one")
    assert list(walk(opened).files) == ["src/a.py"], "somebody works in it"
    beside = Tree(root / "src")
    assert list(walk(beside).files) == ["a.py"], "also below the top of the repository"


def git(where: Path, *args: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *who, *args], cwd=where, check=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_only_regular_files_are_listed(plant: Plant) -> None:
    root = plant({"a.py": ""})
    os.mkfifo(root / "pipe.py")
    assert list(walk(Tree(root)).files) == ["a.py"]
    assert Tree(root).look("pipe.py") is None


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "getuid"), reason="needs odd names")
def test_names_that_are_no_text_are_left_out(plant: Plant) -> None:
    root = plant({"größe.py": ""})
    try:
        Path(os.fsdecode(bytes(root) + b"/\xff.py")).touch()
    except OSError:
        pytest.skip("the file system refuses such names")
    listing = walk(Tree(root))
    assert list(listing.files) == ["größe.py"]
    assert set(listing.skipped.values()) == {"odd name"}


def test_a_limit_keeps_what_lies_highest(plant: Plant) -> None:
    root = plant({f"{folder}{i}.py": "xx" for folder in ("", "a/", "a/b/") for i in range(3)})
    cut = walk(Tree(root, max_files=4))
    assert (list(cut.files), cut.is_cut) == (["0.py", "1.py", "2.py", "a/0.py"], True)
    cut = walk(Tree(root, max_bytes=10))
    assert (len(cut.files), cut.is_cut) == (5, True)
    assert not walk(Tree(root, max_files=9)).is_cut


def test_pictures_do_not_push_out_code_that_lies_deeper(plant: Plant) -> None:
    root = plant({f"img/{i}.png": 1024 * "x" for i in range(401)} | {"a/b/c/deep.py": "x"})
    listing = walk(Tree(root, max_bytes=400 * 1024, max_files=400))
    assert (list(listing.files), listing.is_cut) == (["a/b/c/deep.py"], False)
    assert set(listing.skipped.values()) == {"binary"}


def test_a_root_that_is_not_there_is_no_empty_root(tmp_path: Path) -> None:
    with pytest.raises(RootError, match="No such file"):
        Tree(tmp_path / "nowhere").walk()


def test_whoever_waits_may_give_up(plant: Plant) -> None:
    root = plant({"a/b/c.py": ""})
    assert Tree(root).walk(lambda listing: False) is None


@pytest.mark.parametrize("folder", ["", "sub"])
def test_nothing_is_judged_once_somebody_gives_up(plant: Plant, folder: str) -> None:
    root = plant({f"{folder}/{i:03}.py".lstrip("/"): "" for i in range(300)})
    left = [True] * 10
    tree = Tree(root)
    listing = Listing()

    def go_on(now: Listing) -> bool:
        nonlocal listing
        listing = now
        return bool(left) and left.pop()

    assert (tree.walk_below(folder, go_on) if folder else tree.walk(go_on)) is None
    assert 5 < len(listing.files) <= 10


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read all")
def test_a_folder_that_cannot_be_read_is_empty(plant: Plant) -> None:
    root = plant({"shut/a.py": "", "b.py": ""})
    (root / "shut").chmod(0)
    try:
        assert list(walk(Tree(root)).files) == ["b.py"]
    finally:
        (root / "shut").chmod(0o700)


def test_looking_at_one_path_says_what_the_walk_says(plant: Plant) -> None:
    root = plant({".gitignore": "*.log\n", "a/b.py": "x", "a/b.log": "", "a/.env": ""})
    tree = Tree(root)
    assert tree.look("a/b.py") == walk(tree).files["a/b.py"]
    assert isinstance(tree.look("a/b.py"), Stamp)
    assert tree.look("a/b.log") == "ignored"
    assert tree.look("a/.env") == "secret name"
    assert tree.look("a") is None
    assert tree.look("a/nowhere.py") is None
    assert tree.look("nowhere/a.py") is None


@pytest.mark.parametrize("path", ["../a.py", "/etc/passwd", "a//b.py", "a/../b.py", "", "./a.py"])
def test_paths_that_do_not_stay_inside_are_refused(root: Path, path: str) -> None:
    assert Tree(root).refuse(path) == "odd name"


def test_one_folder_is_listed_as_the_walk_lists_it(plant: Plant) -> None:
    root = plant({".gitignore": "out/\n", "a/b/c.py": "", "a/out/d.py": "", "e.py": ""})
    tree = Tree(root)
    below = tree.walk_below("a")
    assert below is not None
    assert below.files == {"a/b/c.py": walk(tree).files["a/b/c.py"]}
    assert below.folders == ["a", "a/b"]
    assert tree.walk_below("a/out") is None


def test_every_folder_is_told_before_it_is_listed(plant: Plant) -> None:
    root = plant({".gitignore": "out/\n", "a/b/c.py": "", "out/d.py": "", "venv/pyvenv.cfg": ""})
    told: list[str] = []

    def enter(folder: str) -> None:
        told.append(folder)
        (root / folder / "late.py").touch()

    listing = walk(Tree(root, on_enter=enter))
    assert told == ["", "a", "a/b"]
    assert listing.folders == ["", "a", "a/b"]
    assert {"late.py", "a/late.py", "a/b/late.py"} <= listing.files.keys()


def test_reading_what_vanished_gives_nothing(plant: Plant) -> None:
    tree = Tree(plant({"a": "x", "dir/b": ""}))
    assert tree.read("a") == b"x"
    assert tree.read("nowhere") is None
    assert tree.read("a/below") is None
    assert tree.read("dir") == Skipped("unreadable")


def test_selecting_files_judges_what_is_in_them(plant: Plant) -> None:
    root = plant({"a.py": "x", "b.py": "\0", "c.min.js": "", "d.py": "y" * 50_000, ".env": ""})
    skipped: dict[str, Reason] = {}
    assert list(select_files(root, on_skip=skipped.__setitem__)) == ["a.py"]
    assert skipped == {
        ".env": "secret name",
        "b.py": "binary",
        "c.min.js": "lock file",
        "d.py": "minified",
    }
    assert list(select_files(root, ["*.py"])) == []
    assert list(select_files(root / "nowhere")) == []
