"""A model's file, before llama.cpp sees it: whether it can be one, and its fingerprint.

`header` reads it; the words for what is wrong with it are found here.
"""

from __future__ import annotations

import os
import re
from hashlib import blake2b
from itertools import takewhile
from pathlib import Path
from typing import Final

from sidelong.engine.model import header
from sidelong.engine.model.header import Damaged, Header, Unknown
from sidelong.errors import ModelMissing, ModelUnreadable, ModelUnsupported

_FIRST: Final = re.compile(r"(.+)-00001-of-(\d{5})\.gguf")
"""The name of the first of several files of a model, as llama-gguf-split gives it."""
_BLOCK: Final = 1_048_576
_MOST_BLOCKS: Final = 64
"""Of a file that are hashed: all of the shipped model, a sample of one of gigabytes."""


def check(path: Path) -> Header:
    """The header of the file; raises a `ModelError` that says what is wrong and what to do."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(header.MAGIC))
            if magic != header.MAGIC:
                raise ModelUnreadable(
                    f"The file {path} is not a GGUF model (it begins with {magic!r}). "
                    "Set `sidelong.model.path` to a GGUF file."
                )
            size_bytes = file.seek(0, os.SEEK_END)
            file.seek(0)
            found = header.read(file, size_bytes)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise ModelMissing(
            f"There is no model file at {path}. Set `sidelong.model.path` to a GGUF file, or "
            "leave it empty for the default model."
        ) from None
    except OSError as error:
        raise ModelUnreadable(
            f"The model {path} cannot be read: {error.strerror or error}. "
            "Check the file's permissions and its disk."
        ) from None
    except Damaged as error:
        raise damaged(path, str(error)) from None
    except Unknown as error:
        raise unknown(path, str(error)) from None
    other = _other_kind(found)
    if other is not None:
        raise ModelUnsupported(
            f"The file {path} is {other}, which completes nothing by itself. "
            "Set `sidelong.model.path` to the GGUF file of the model."
        )
    if header.is_part(found.values):
        _check_parts(path, found)
    return found


def remarks(found: Header) -> tuple[str, ...]:
    """The faults of a file that serves all the same, each with its remedy."""
    if found.text("tokenizer.ggml.model") == "gpt2" and not found.text("tokenizer.ggml.pre"):
        return (
            "It does not say how its tokenizer splits text (tokenizer.ggml.pre), so llama.cpp "
            "cuts most files into other tokens than the model was trained on, which makes its "
            "suggestions much worse. Take a GGUF file of it that was made after May 2024.",
        )
    return ()


def damaged(path: Path, reason: str) -> ModelUnreadable:
    """The error for a file that contradicts itself."""
    return ModelUnreadable(
        f"The model {path} cannot be loaded: {reason}. It may be damaged or an unfinished "
        "download: fetch it again, or leave `sidelong.model.path` empty for the default model."
    )


def unknown(path: Path, reason: str) -> ModelUnsupported:
    """The error for a file that is whole and too new, or too old, for this llama.cpp."""
    return ModelUnsupported(
        f"The model {path} cannot be run by this llama.cpp: {reason}. "
        "Update llama-cpp-python, or use another model."
    )


def fingerprint(path: Path) -> str:
    """A hash of the file's size and contents; of a large file's, evenly spread samples.

    Of the first of several files it is a hash of them all.
    """
    digest = blake2b(digest_size=16)
    for each in (path, *takewhile(Path.is_file, parts(path)[1:])):
        with each.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            digest.update(size.to_bytes(8, "little"))
            blocks = -(-size // _BLOCK)
            for i in range(min(blocks, _MOST_BLOCKS)):
                file.seek(i * blocks // min(blocks, _MOST_BLOCKS) * _BLOCK)
                digest.update(file.read(_BLOCK))
    return digest.hexdigest()


def parts(path: Path) -> list[Path]:
    """The files of a model, by the name of the first one; itself where the model is in one file."""
    first = _FIRST.fullmatch(path.name)
    if first is None:
        return [path]
    stem, n = first.groups()
    return [path.with_name(f"{stem}-{part:05}-of-{n}.gguf") for part in range(1, int(n) + 1)]


def _check_parts(path: Path, found: Header) -> None:
    """Raise a `ModelUnsupported` unless this is the first part of a model and all lie beside it.

    llama.cpp finds the others by their names.
    """
    n, number = found.values["split.count"], found.values.get("split.no", 0)
    files = parts(path)
    remedy = (
        "Put all of them into one folder under their published names, and set "
        "`sidelong.model.path` to the first one; or join them with llama-gguf-split --merge."
    )
    if number != 0 or len(files) != n:
        raise ModelUnsupported(
            f"The file {path} is one of {n} files of a model, and not the first one under its "
            f"published name, …-00001-of-{n:05}.gguf. {remedy}"
        )
    missing = [each.name for each in files if not each.is_file()]
    if missing:
        raise ModelUnsupported(
            f"The model {path} lies in {n} files, and {len(missing)} of them are missing beside "
            f"it: {missing[0]}{' and others' if len(missing) > 1 else ''}. {remedy}"
        )


def _other_kind(found: Header) -> str | None:
    """The name of a GGUF that is no model; None for a model."""
    kind = found.text("general.type")
    architecture = found.text("general.architecture")
    if kind == "adapter":
        return "an adapter (LoRA) for another model"
    if kind == "mmproj" or architecture == "clip":
        return "a projector for images or sound, a part of another model"
    if kind == "imatrix" or architecture == "imatrix":
        return "an importance matrix, made for quantising another model"
    if found.n_tensors == 0 and not header.is_part(found.values):
        return "a vocabulary without weights"
    return None
