"""The folder of the user's models; there is no database besides it.

    NAME.gguf            a model
    NAME.json            facts about it; a missing or broken file costs the facts only
    .STEM.SHA256.part    an unfinished download; the hash is that of the finished file

Loading a model is left to the engine, and downloading one to `hub`.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from rich.filesize import decimal

from sidelong.errors import SidelongError
from sidelong.files import make_private, whole, write_text

SUFFIX: Final = ".gguf"
DEFAULT: Final = "default"
NANO: Final = "nano"
AUTO: Final = "auto"
"""The names of the two shipped models, and of the one of them that suits the machine."""

_PART: Final = ".part"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_ODD = re.compile(r"[^A-Za-z0-9._+-]")
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_BLOCK: Final = 4 * 1_048_576
_SPARE_BYTES: Final = 64 * 1_048_576
"""Left free on the disk, to which other programs write too."""


class StoreError(SidelongError):
    """A model that is not there, may not have this name, or finds no room."""


@dataclass(frozen=True)
class Facts:
    """The facts about a model besides its name; None where a fact is not known."""

    size_bytes: int
    """The size of the file that these facts are about; a file of another size has other facts."""
    sha256: str | None = None
    source: str | None = None
    """`REPO:FILE`, or the path it was added from."""
    revision: str | None = None
    licence: str | None = None
    description: str | None = None
    """llama.cpp's: architecture, size and quantisation."""
    family: str | None = None
    """The family whose prompt format it reads, as `model.families` names it."""
    parameters: int | None = None
    decides: bool | None = None
    """True if it has a token to decide with; otherwise the shipped model decides in its place."""
    problem: str | None = None
    """Why it failed its last check."""


@dataclass(frozen=True)
class Installed:
    """One model of the folder."""

    name: str
    path: Path
    size_bytes: int
    facts: Facts | None


@dataclass(frozen=True)
class Partial:
    """An unfinished download."""

    name: str
    """The name of the finished file."""
    path: Path
    size_bytes: int


def installed(folder: Path) -> list[Installed]:
    """Every model of the folder, by name; none if there is no such folder."""
    named = (path for path in folder.glob(f"*{SUFFIX}") if _NAME.fullmatch(path.stem))
    files = (path for path in named if path.is_file())
    return sorted((_installed(path) for path in files), key=lambda model: model.name.lower())


def find(folder: Path, name: str) -> Installed:
    """The model of this name, with or without `.gguf`; raises `StoreError` that lists all names."""
    models = installed(folder)
    for model in models:
        if name in (model.name, model.path.name):
            return model
    names = ", ".join(model.name for model in models) or "none yet"
    raise StoreError(
        f"There is no model {name!r} among yours ({names}). `sidelong model list` shows them, "
        "`add` and `pull` bring one in."
    )


def dangling(folder: Path, name: str) -> Installed | None:
    """The link of this name that leads to no file, which can only be removed."""
    stem = name.removesuffix(SUFFIX)
    path = file_of(folder, stem)
    if not _NAME.fullmatch(stem) or not path.is_symlink() or path.exists():
        return None
    return Installed(stem, path, 0, None)


def file_of(folder: Path, name: str) -> Path:
    """The file of the model with this name, be it there or not."""
    return folder / f"{name}{SUFFIX}"


def check_name(folder: Path, name: str) -> None:
    """Raise `StoreError` if a new model cannot be called that."""
    if name in (DEFAULT, NANO, AUTO) or not _NAME.fullmatch(name):
        raise StoreError(
            f"{name!r} cannot be a model's name. Give one of letters, digits and . _ + - "
            "with --name."
        )
    if file_of(folder, name).exists():
        raise StoreError(
            f"There is a model {name} already. Give this one another name with --name, or "
            f"remove that with `sidelong model remove {name}`."
        )


def check_whole(stem: str) -> None:
    """Raise `StoreError` if a file of this name is only a part of a model."""
    if _SHARD.search(stem):
        raise StoreError(
            f"{stem} is one of several files that make up one model, and here are kept models of "
            "one file. Join them with llama-gguf-split --merge, or set `sidelong.model.path` to "
            "the first of them, with the others beside it."
        )


def partial(folder: Path, stem: str, sha256: str) -> Path:
    """The file into which the content of this hash is downloaded."""
    return folder / f".{_ODD.sub('_', stem)}.{sha256}{_PART}"


def partials(folder: Path) -> list[Partial]:
    """The unfinished downloads."""
    paths = sorted(folder.glob(f".*{_PART}"))
    return [Partial(path.stem[1:-65], path, path.stat().st_size) for path in paths]


def need_room(folder: Path, wanted_bytes: int) -> None:
    """Make the folder, and raise `StoreError` if its disk has too little room."""
    make_private(folder)
    free = shutil.disk_usage(folder).free
    if free < wanted_bytes + _SPARE_BYTES:
        raise StoreError(
            f"The disk of {folder} has {decimal(free)} free, and {decimal(wanted_bytes)} are "
            f"wanted besides {decimal(_SPARE_BYTES)} to spare. Make room, or set "
            "SIDELONG_MODELS_DIR to a folder on another disk."
        )


def copy(source: Path, to: Path, advance: Callable[[int], None]) -> str:
    """Copy the file and return its SHA-256; a failure leaves nothing. `advance` gets bytes."""
    digest = hashlib.sha256()
    try:
        with whole(to) as aside, source.open("rb") as read, aside.open("wb") as written:
            while block := read.read(_BLOCK):
                digest.update(block)
                written.write(block)
                advance(len(block))
    except OSError as error:
        raise StoreError(
            f"{source} could not be copied to {to}: {error.strerror or error}. Nothing of it was "
            "kept; see to the disk and run it again."
        ) from None
    return digest.hexdigest()


def sha256(path: Path, advance: Callable[[int], None]) -> str:
    """The file's SHA-256; `advance` gets the bytes read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            advance(len(block))
    return digest.hexdigest()


def write_facts(model: Path, facts: Facts) -> None:
    """Keep facts beside the model, replacing those from before."""
    known = {name: value for name, value in asdict(facts).items() if value is not None}
    write_text(model.with_suffix(".json"), json.dumps(known, indent=2) + "\n")


def remove(model: Installed) -> None:
    """Delete the model and its facts."""
    model.path.unlink()
    model.path.with_suffix(".json").unlink(missing_ok=True)


def _installed(path: Path) -> Installed:
    size_bytes = path.stat().st_size
    facts = _read_facts(path.with_suffix(".json"))
    ours = facts is not None and facts.size_bytes == size_bytes
    return Installed(path.stem, path, size_bytes, facts if ours else None)


def _read_facts(path: Path) -> Facts | None:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return Facts(**{f.name: _checked(f.name, known.get(f.name)) for f in fields(Facts)})
    except (OSError, ValueError, AttributeError):
        return None


def _checked(name: str, value: Any) -> Any:
    kinds = {"size_bytes": int, "parameters": int, "decides": bool}
    if value is None and name != "size_bytes":
        return None
    if not isinstance(value, kinds.get(name, str)):
        raise ValueError(name)
    return value
