"""The layers of ARCHITECTURE.md, read off the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "sidelong": ROOT / "server" / "sidelong",
    "sidelong_index": ROOT / "index" / "sidelong_index",
    "demo": ROOT / "demo",
    "bench": ROOT / "bench",
    "training": ROOT / "training",
}
SHIPPED = ("sidelong", "sidelong_index")

VALUES = ("sidelong.settings", "sidelong.paths", "sidelong.errors")

LAYERS: dict[str, tuple[str, ...]] = {
    # layer: the layers it may import, besides itself; the innermost layer of a module counts
    "sidelong_index": (),
    "sidelong.errors": (),
    "sidelong.isolation": (),
    "sidelong.programs": (),
    "sidelong.processes": (),
    "sidelong.paths": (),
    "sidelong.language": (),
    "sidelong.waiting": (),
    "sidelong.files": ("sidelong.errors",),
    "sidelong.settings": (),
    "sidelong.sections": ("sidelong.settings", "sidelong.paths"),
    "sidelong.configfile": (*VALUES, "sidelong.sections"),
    "sidelong.engine": (*VALUES, "sidelong.files", "sidelong.isolation", "sidelong_index"),
    "sidelong.acceptance": ("sidelong.engine",),
    "sidelong.shipped": (*VALUES, "sidelong.files", "sidelong.engine"),
    "sidelong.learnt": (*VALUES, "sidelong.files", "sidelong.engine", "sidelong.acceptance"),
    "sidelong.models": (*VALUES, "sidelong.configfile", "sidelong.files", "sidelong"),
    "sidelong.evaluation": (
        *VALUES, "sidelong.waiting", "sidelong.programs", "sidelong.engine", "sidelong_index",
    ),
    "sidelong.lsp": (
        *VALUES, "sidelong.sections", "sidelong.configfile", "sidelong.files", "sidelong.engine",
        "sidelong.acceptance", "sidelong.learnt", "sidelong.shipped", "sidelong.processes",
        "sidelong_index", "sidelong",
    ),
    "sidelong.cli": ("sidelong", "sidelong_index"),
    "sidelong": ("sidelong.cli", "sidelong.isolation"),
    "demo": ("sidelong", "sidelong_index"),
    "bench": ("sidelong", "sidelong_index"),
    "training": ("sidelong", "sidelong_index", "demo"),
}  # fmt: skip
"""The imports that are allowed. A layer named on the right stands for all that lies within it."""

FRONTS = {
    # package: the only ones outside of it that may look behind its front
    "sidelong.engine": ("training",),
    "sidelong_index": (),
}

ONE_DOOR = {
    # library: the only places that may import it
    "pygls": "sidelong.lsp",
    "lsprotocol": "sidelong.lsp",
    "llama_cpp": "sidelong.engine.model.llama",
    "filelock": "sidelong.engine.speeds",
    "httpx2": "sidelong.engine.remote.client",
    "huggingface_hub": "sidelong.models.hub",
    "psutil": ("sidelong.cli.checks.machine", "sidelong.processes"),
    "tomlkit": "sidelong.cli.user_config",
    "inotify_simple": "sidelong_index.watch.inotify",
    "watchdog": "sidelong_index.watch.tree",
    "tree_sitter": "sidelong_index.parse",
}

NEVER_WHILE_SERVING = ("torch", "gguf", "tokenizers", "training", "bench", "tests")

PURE = [
    "sidelong.settings",
    "sidelong.acceptance",
    "sidelong.engine.alternatives",
    "sidelong.engine.anchor",
    "sidelong.engine.budget",
    "sidelong.engine.correction",
    "sidelong.engine.gate",
    "sidelong.engine.healing",
    "sidelong.engine.mixture",
    "sidelong.engine.model.families",
    "sidelong.engine.model.header",
    "sidelong.engine.model.profile",
    "sidelong.engine.ngram",
    "sidelong.engine.prompt",
    "sidelong.engine.remote.breaker",
    "sidelong.engine.remote.characters",
    "sidelong.engine.remote.wire",
    "sidelong.engine.request",
    "sidelong.engine.trim",
    "sidelong.engine.view",
    "sidelong.engine.window",
    "sidelong.lsp.impression",
    "sidelong.lsp.recall",
    "sidelong_index.chunk",
    "sidelong_index.gitignore",
    "sidelong_index.secret_names",
    "sidelong_index.terms",
    "sidelong_index.score",
    "sidelong_index.scan",
]
"""No clock, disk, thread, network or log, nor do the modules they import have one."""

IMPURE = {
    "asyncio", "io", "logging", "multiprocessing", "os", "pathlib.Path", "random", "shutil",
    "socket", "subprocess", "tempfile", "threading", "time", "queue", "concurrent", "urllib",
}  # fmt: skip


def modules(folder: Path, package: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        if "work" in path.relative_to(folder).parts:
            continue  # what training leaves behind
        parts = path.relative_to(folder).with_suffix("").parts
        names = [part for part in parts if part != "__init__"]
        yield ".".join([package, *names]), ast.parse(path.read_text(encoding="utf-8"))


SOURCE = {
    name: tree for package, folder in PACKAGES.items() for name, tree in modules(folder, package)
}


def imports(tree: ast.Module, *, typing: bool = True) -> set[str]:
    """Every name that is imported, inside functions too; `typing`: under TYPE_CHECKING too."""
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not typing:
            waiting.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            assert node.module is not None
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        waiting.extend(ast.iter_child_nodes(node))
    return found


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def module_of(name: str) -> str | None:
    """The module of ours that holds an imported name; None if it is none of ours."""
    while name not in SOURCE:
        name, _, last = name.rpartition(".")
        if not last or not name:
            return None
    return name


def used(tree: ast.Module, *, typing: bool = True) -> set[str]:
    """The modules of ours that a module imports."""
    return {found for name in imports(tree, typing=typing) if (found := module_of(name))}


def defined_in(name: str) -> str | None:
    """The module of ours that defines an imported name, where a front only hands it on."""
    module = module_of(name)
    if module is None or module == name:
        return module
    last = name.rpartition(".")[2]
    handed_on = (other for other in imports(SOURCE[module]) if other.endswith(f".{last}"))
    return next((found for other in handed_on if (found := defined_in(other))), module)


def layer(module: str) -> str:
    """The innermost layer that holds a module."""
    return max((name for name in LAYERS if within(module, name)), key=len)


IMPORTS = {name: imports(tree) for name, tree in SOURCE.items() if within(name, SHIPPED[0])} | {
    name: imports(tree) for name, tree in SOURCE.items() if within(name, SHIPPED[1])
}


@pytest.mark.parametrize("importer", LAYERS)
def test_every_layer_imports_only_what_the_table_allows(importer: str) -> None:
    members = {name: tree for name, tree in SOURCE.items() if layer(name) == importer}
    assert members, f"{importer} is gone: correct the table"
    allowed = LAYERS[importer]
    wrong = [
        (name, found)
        for name, tree in members.items()
        for found in used(tree)
        if layer(found) != importer and not any(within(found, other) for other in allowed)
    ]
    assert wrong == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {name: sorted(used(tree) - {name}) for name, tree in SOURCE.items()}
    cycles: list[list[str]] = []
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            cycles.append([*path[path.index(name) :], name])
        elif name not in done:
            for other in graph[name]:
                visit(other, [*path, name])
            done.add(name)

    for name in graph:
        visit(name, [])
    assert cycles == []


@pytest.mark.parametrize(("package", "others"), FRONTS.items())
def test_nobody_looks_behind_the_front(package: str, others: tuple[str, ...]) -> None:
    wrong = [
        (name, found)
        for name, tree in SOURCE.items()
        if not within(name, package) and not any(within(name, other) for other in others)
        for found in used(tree)
        if found.startswith(package + ".")
    ]
    assert wrong == []


@pytest.mark.parametrize(("library", "door"), ONE_DOOR.items())
def test_each_library_has_one_door(library: str, door: str | tuple[str, ...]) -> None:
    doors = (door,) if isinstance(door, str) else door
    users = [name for name, found in IMPORTS.items() if any(within(i, library) for i in found)]
    assert users, f"nobody imports {library}"
    assert [name for name in users if not any(within(name, each) for each in doors)] == []


def test_serving_never_imports_training_or_its_libraries() -> None:
    wrong = [
        (name, imported)
        for name, found in IMPORTS.items()
        for imported in found
        if any(within(imported, library) for library in NEVER_WHILE_SERVING)
    ]
    assert wrong == []


def effects(tree: ast.Module) -> set[str]:
    """The ways of a module to the world: impure imports, and the built-in `open`."""
    found = {
        name
        for name in imports(tree, typing=False)
        if name in IMPURE or name.split(".")[0] in IMPURE
    }
    if "pathlib" in imports(tree, typing=False):
        found.add("pathlib")
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return found | {"open" for call in calls if isinstance(call, ast.Name) and call.id == "open"}


@pytest.mark.parametrize("pure", PURE)
def test_pure_modules_touch_no_clock_disk_thread_or_log(pure: str) -> None:
    waiting = [name for name in SOURCE if within(name, pure)]
    assert waiting, f"{pure} is gone: correct the table"
    wrong, seen = set(), set(waiting)
    while waiting:
        name = waiting.pop()
        wrong |= {(name, effect) for effect in effects(SOURCE[name])}
        found = {defined_in(other) for other in imports(SOURCE[name], typing=False)}
        new = {other for other in found if other is not None} - seen
        seen |= new
        waiting.extend(new)
    assert wrong == set()


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "SECURITY.md"])
def test_every_test_that_a_document_names_exists(document: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / document).read_text("utf-8"))
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]
    assert named
    assert missing == []


def test_every_promise_names_its_test() -> None:
    promised = (ROOT / "SECURITY.md").read_text("utf-8").split("\n## ")[1]
    promises = [part for part in promised.split("\n\n") if part.startswith("**")]
    assert len(promises) > 8
    assert [promise for promise in promises if "`tests/" not in promise] == []


def mapped(drawing: str) -> set[str]:
    """The modules that the map names: a folder's line ends in `/`, and its modules stand below."""
    found: set[str] = set()
    folders: list[tuple[int, str]] = []
    for line in filter(str.strip, drawing.splitlines()):
        indent = len(line) - len(line.lstrip())
        names = re.split(r"  +", line.strip())[0].split(" ")
        if indent > 24:  # the task of the line above
            continue
        folders = [(depth, name) for depth, name in folders if depth < indent]
        package = folders[-1][1] if folders else ""
        if names[0].endswith("/"):
            name = names[0].rstrip("/").rpartition("/")[2]
            folders.append((indent, f"{package}.{name}" if package else name))
        else:
            found |= {f"{package}.{name}" for name in names}
    return found


def test_the_map_names_every_module() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    (drawing,) = [block for block in text.split("```") if "server/sidelong/" in block]
    packages = {name.rpartition(".")[0] for name in SOURCE}
    modules = {name for name in IMPORTS if name not in packages and not name.endswith("__main__")}
    assert modules - mapped(drawing) == set(), "not in the map"
    assert mapped(drawing) - modules == set(), "in the map only"


def test_the_table_of_the_architecture_is_this_one() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    table = text.partition("| layer | may import |")[2].partition("\n\n")[0]
    named = [re.findall(r"`(\w+)`", cell) for cell in table.replace("\n", "").split("|")]
    full = [[n if n in LAYERS else f"sidelong.{n}" for n in names] for names in named]
    rows = [pair for pair in zip(full[1::3], full[2::3], strict=True) if pair[0]]
    written = {layer: set(allowed) for layers, allowed in rows for layer in layers}
    assert written == {name: set(allowed) for name, allowed in LAYERS.items()}


@pytest.mark.parametrize("importer", ["sidelong.lsp", "sidelong.models"])
def test_the_name_of_the_whole_product_lets_these_import_its_version_only(importer: str) -> None:
    allowed = {importer, *LAYERS[importer]}
    found = {f for name, tree in SOURCE.items() if layer(name) == importer for f in used(tree)}
    assert {layer(name) for name in found} <= {layer(name) for name in allowed}
