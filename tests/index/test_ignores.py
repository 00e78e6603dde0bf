"""Which ignore files have a say, and which wins."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from sidelong_index.walk import Tree

Plant = Callable[[Mapping[str, str]], Path]
GitIgnores = Callable[[Path, Iterable[str]], set[str]]


def taken(root: Path, exclude: Sequence[str] = ()) -> set[str]:
    """The files a walk lists, but for the ignore files; asking for each alone says the same."""
    tree = Tree(root, exclude)
    listing = tree.walk()
    assert listing is not None
    everything = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }
    assert {path for path in everything if tree.refuse(path) is None} == set(listing.files)
    return {path for path in listing.files if not path.endswith(".gitignore")}


def test_every_folder_may_have_its_ignore_file(plant: Plant) -> None:
    root = plant(
        {
            ".gitignore": "*.tmp\n/only_top.py\n",
            "a.py": "", "a.tmp": "", "only_top.py": "",
            "sub/.gitignore": "!kept.tmp\nlocal.py\n",
            "sub/kept.tmp": "", "sub/other.tmp": "", "sub/local.py": "", "sub/only_top.py": "",
            "local.py": "",
        }
    )  # fmt: skip
    assert taken(root) == {"a.py", "local.py", "sub/kept.tmp", "sub/only_top.py"}


def test_what_lies_in_an_ignored_folder_cannot_be_brought_back(plant: Plant) -> None:
    root = plant({".gitignore": "out/\n!out/keep.py\n", "out/keep.py": "", "a.py": ""})
    assert taken(root) == {"a.py"}


def test_a_folder_whose_content_is_ignored_can_keep_some(plant: Plant) -> None:
    root = plant({".gitignore": "out/**\n!out/keep.py\n", "out/keep.py": "", "out/x.py": ""})
    assert taken(root) == {"out/keep.py"}


def test_ignore_files_above_the_root_count_up_to_the_repositorys_top(plant: Plant) -> None:
    top = plant(
        {
            "../.gitignore": "a.py\n",
            ".git/info/exclude": "b.py\n",
            ".gitignore": "/pkg/sub/c.py\n",
            "pkg/.gitignore": "d.py\n!e.py\n",
            **{f"pkg/sub/{name}.py": "" for name in "abcdef"},
        }
    )
    assert taken(top / "pkg" / "sub") == {"a.py", "e.py", "f.py"}


def test_an_ignored_folder_that_is_opened_on_purpose_is_indexed(plant: Plant) -> None:
    top = plant(
        {
            ".git/info/exclude": "",
            ".gitignore": "vendor/\n*.py\n",
            "vendor/lib/.gitignore": "own.py\n",
            "vendor/lib/a.py": "",
            "vendor/lib/own.py": "",
        }
    )
    assert taken(top / "vendor" / "lib") == {"a.py"}


def test_the_users_own_ignore_file_counts(plant: Plant, home: Path) -> None:
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "ignore").write_text("*.swp\n")
    assert taken(plant({"a.py": "", "a.swp": ""})) == {"a.py"}


def test_a_repository_inside_begins_anew(plant: Plant) -> None:
    root = plant(
        {
            ".git/info/exclude": "",
            ".gitignore": "*.py\n",
            "a.py": "",
            "clone/.git/info/exclude": "b.py\n/c.py\n",
            "clone/a.py": "", "clone/b.py": "", "clone/c.py": "", "clone/sub/c.py": "",
        }
    )  # fmt: skip
    assert taken(root) == {"clone/a.py", "clone/sub/c.py"}


def test_the_exclude_setting_wins(plant: Plant) -> None:
    root = plant(
        {
            ".gitignore": "generated/\n!keep.txt\n",
            "generated/api.py": "",
            "keep.txt": "",
            "sub/.gitignore": "!a.csv\n",
            "sub/a.csv": "",
            "b.py": "",
        }
    )
    exclude = ["!generated/", "keep.txt", "*.csv"]
    assert taken(root, exclude) == {"generated/api.py", "b.py"}


def test_dependencies_and_caches_are_left_out_without_any_ignore_file(plant: Plant) -> None:
    root = plant(
        {
            "node_modules/x/index.js": "",
            "lib/node_modules/x/index.js": "",
            ".venv/lib/a.py": "",
            "env/pyvenv.cfg": "",
            "env/lib/a.py": "",
            "target/CACHEDIR.TAG": "",
            "target/debug/a.rs": "",
            "__pycache__/a.py": "",
            ".git/hooks/a.py": "",
            ".hg/a.py": "",
            "a.py": "",
        }
    )
    assert taken(root) == {"a.py"}
    assert taken(root, ["!node_modules/"]) == {
        "a.py",
        "lib/node_modules/x/index.js",
        "node_modules/x/index.js",
    }


def test_a_changed_ignore_file_counts_from_the_next_walk(plant: Plant, home: Path) -> None:
    root = plant({".git/info/exclude": "", "sub/a.py": "", "sub/b.py": "", "c.py": ""})
    tree = Tree(root)

    def now() -> set[str]:
        listing = tree.walk()
        assert listing is not None
        return {path for path in listing.files if not path.endswith(".gitignore")}

    assert now() == {"sub/a.py", "sub/b.py", "c.py"}
    plant({"sub/.gitignore": "a.py\n"})
    assert now() == {"sub/b.py", "c.py"}
    plant({".git/info/exclude": "c.py\n"})
    assert now() == {"sub/b.py"}
    plant({".gitignore": "*.py\n"})
    assert now() == set()
    (root / ".gitignore").unlink()
    (root / "sub" / ".gitignore").unlink()
    assert now() == {"sub/a.py", "sub/b.py"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_may_end_with_a_carriage_return(
    root: Path, plant: Plant, git_ignores: GitIgnores
) -> None:
    files = {"Icon\r", "src/Icon\r", "src/icon/b.py", "a.py"}
    git_ignores(root, ["x"])  # makes a repository of it
    with (root / ".git" / "config").open("a") as config:
        config.write("[core]\n\tignorecase = true\n")
    plant({".gitignore": "Icon\r\r\n", **dict.fromkeys(files, "")})
    assert taken(root) == {"src/icon/b.py", "a.py"} == files - git_ignores(root, files)


@pytest.mark.parametrize("where", [".gitignore", "exclude"])
def test_a_hard_pattern_and_a_deep_tree_are_walked_like_others(plant: Plant, where: str) -> None:
    hard = 12 * "**/" + "x.py"
    root = plant({40 * "a/" + "x.py": "", 40 * "a/" + "y.py": ""})
    if where == ".gitignore":
        plant({".gitignore": f"{hard}\n{12 * '**/a/'}z.py\n"})
    assert taken(root, [hard] if where == "exclude" else []) == {40 * "a/" + "y.py"}


def test_all_ignore_files_of_a_folder_together_have_a_limit(
    plant: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    hard = "*a*b*c\n" * 1500
    root = plant(
        {
            ".gitignore": hard + "x.py\n",
            "sub/.gitignore": f"y.py\n{hard}z.py\n",
            **dict.fromkeys(["x.py", "sub/x.py", "sub/y.py", "sub/z.py"], ""),
        }
    )
    tree = Tree(root)
    for _ in range(2):
        assert tree.walk() is not None
    assert {path for path in taken(root) if path.endswith(".py")} == {"sub/z.py"}
    (message,) = {record.getMessage() for record in caplog.records}
    assert message.startswith(f"{root / 'sub' / '.gitignore'} counts only up to line 1001: ")
    assert len(caplog.records) == 2, "once for each index"


NAMES = ["a", "b", "c", "x.py", "y.py", "A"]
PATTERNS = ["a", "b/", "/a", "*.py", "!x.py", "a/b", "**/c", "a/**", "!a/", "/*/x.py", "!/b", "*"]


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell a from A")
@pytest.mark.parametrize("seed", range(25))
def test_random_trees_are_taken_as_git_would(
    root: Path, plant: Plant, git_ignores: GitIgnores, home: Path, seed: int
) -> None:
    rng = random.Random(seed)
    for _ in range(50):
        file = root.joinpath(*rng.choices(NAMES, k=rng.randint(1, 4)))
        if not any(parent.is_file() for parent in file.parents) and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    (home / ".config" / "git").mkdir(parents=True)
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    git_ignores(root, ["x"])  # makes a repository of it
    ignore_files = [
        home / ".config" / "git" / "ignore",
        root / ".git" / "info" / "exclude",
        *(folder / ".gitignore" for folder in rng.sample(folders, min(4, len(folders)))),
    ]
    for ignore_file in ignore_files:
        ignore_file.write_text("\n".join(rng.choices(PATTERNS, k=rng.randint(0, 3))))

    files = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.parts and path.name != ".gitignore"
    }
    assert taken(root) == files - git_ignores(root, sorted(files))
