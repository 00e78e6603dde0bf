"""Who may import whom: the table of ARCHITECTURE.md, read off the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SERVER = ROOT / "server" / "sidelong"
INDEX = ROOT / "index" / "sidelong_index"

ONE_DOOR = {
    # library: the only places that may import it
    "pygls": "sidelong.lsp",
    "lsprotocol": "sidelong.lsp",
    "llama_cpp": "sidelong.model.llama",
    "huggingface_hub": "sidelong.models.hub",
    "psutil": "sidelong.cli.checks.machine",
    "tomlkit": "sidelong.cli.user_config",
    "watchdog": "sidelong_index.watch",
    "tree_sitter": "sidelong_index.parse",
}

NEVER_WHILE_SERVING = ("torch", "gguf", "tokenizers", "training", "bench", "tests")

PURE = [
    "sidelong.alternatives",
    "sidelong.gate",
    "sidelong.correction",
    "sidelong.acceptance",
    "sidelong.prompt",
    "sidelong.view",
    "sidelong.window",
    "sidelong.model.families",
    "sidelong.model.profile",
    "sidelong.healing",
    "sidelong.mixture",
    "sidelong.ngram",
    "sidelong.recall",
    "sidelong.trim",
    "sidelong_index.chunk",
    "sidelong_index.terms",
    "sidelong_index.score",
    "sidelong_index.scan",
]
"""No clock, disk, thread, network or log: what they return depends on their arguments alone."""

IMPURE = {
    "asyncio", "io", "logging", "multiprocessing", "os", "random", "shutil", "socket",
    "subprocess", "tempfile", "threading", "time", "queue", "concurrent", "urllib",
}  # fmt: skip

FORBIDDEN = [
    # (importer, imported, why)
    ("sidelong_index", "sidelong", "the index knows nothing of completion"),
    ("sidelong.completer", "sidelong.lsp", "only sidelong.lsp knows LSP"),
    ("sidelong.completer", "sidelong.model.llama", "any model will do"),
    ("sidelong.model", "sidelong.completer", "a model knows nothing of requests"),
    ("sidelong.model", "sidelong.lsp", "a model knows nothing of clients"),
    ("sidelong.trim", "sidelong.completer", "pure modules are below"),
    ("sidelong.lsp", "sidelong.models", "serving makes no connection"),
    ("sidelong.evaluation", "sidelong.lsp", "evaluation asks the completer directly"),
]


def modules(folder: Path, package: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        names = [part for part in parts if part != "__init__"]
        yield ".".join([package, *names]), path


def imports(path: Path) -> set[str]:
    """Every module named in an import statement, those inside functions included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


ALL = [*modules(SERVER, "sidelong"), *modules(INDEX, "sidelong_index")]
IMPORTS = {name: imports(path) for name, path in ALL}


@pytest.mark.parametrize(("library", "door"), ONE_DOOR.items())
def test_each_library_has_one_door(library: str, door: str) -> None:
    users = [name for name, found in IMPORTS.items() if any(within(i, library) for i in found)]
    assert users, f"nobody imports {library}"
    assert [name for name in users if not within(name, door)] == []


def test_serving_never_imports_training_or_its_libraries() -> None:
    wrong = [
        (name, imported)
        for name, found in IMPORTS.items()
        for imported in found
        if any(within(imported, library) for library in NEVER_WHILE_SERVING)
    ]
    assert wrong == []


@pytest.mark.parametrize("pure", PURE)
def test_pure_modules_touch_no_clock_disk_thread_or_log(pure: str) -> None:
    members = {name: found for name, found in IMPORTS.items() if within(name, pure)}
    assert members, f"{pure} is gone: correct the table"
    wrong = {
        (name, imported)
        for name, found in members.items()
        for imported in found
        if imported.split(".")[0] in IMPURE
    }
    assert wrong == set()


@pytest.mark.parametrize(("importer", "imported", "why"), FORBIDDEN)
def test_forbidden_imports(importer: str, imported: str, why: str) -> None:
    wrong = [
        (name, found)
        for name, all_found in IMPORTS.items()
        if within(name, importer)
        for found in all_found
        if within(found, imported)
    ]
    assert wrong == [], why


def test_the_server_uses_only_the_front_of_the_index() -> None:
    wrong = [
        (name, imported)
        for name, found in IMPORTS.items()
        if within(name, "sidelong")
        for imported in found
        if imported.startswith("sidelong_index.") and (INDEX / f"{imported[15:]}.py").exists()
    ]
    assert wrong == []


def test_every_test_that_the_architecture_names_exists() -> None:
    named = re.findall(
        r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    )
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]
    assert named
    assert missing == []
