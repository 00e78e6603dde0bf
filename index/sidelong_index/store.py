"""Keeps an index on disk between runs: one file per root, in a folder that is the caller's choice.

`writer` decides what is worth keeping. The file is a cache: it is rebuilt if anything is wrong with
it, and it is compared with the files of the root before it is searched.

The file: 8 bytes of magic, format, length of the rest and its checksum; then, each with its length
before it, a manifest in JSON and arrays of numbers and bytes in the order in which they are written
here. It is written aside and put in place by one rename, so that a reader finds all of it or the
one before.
"""

import contextlib
import json
import logging
import os
import re
import struct
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sidelong_index.chunk import ChunkOptions
from sidelong_index.parse import grammar_versions
from sidelong_index.scan import Known, Stamp
from sidelong_index.score import Postings
from sidelong_index.segment import Segment, assemble
from sidelong_index.snapshot import Part
from sidelong_index.writer import Kept

logger = logging.getLogger(__name__)

FORMAT = 3
"""Of the file's layout and content; files with another number are rebuilt.

1: 2026, the first.
2: 2026, secrets in the texts are masked, and more files are known to be secret.
   Notebooks are cut by their cells.
3: 2026, more wrappings of private keys are known, and less source code is taken for one.
"""

_MAGIC = b"sidelong"
_HEADER = struct.Struct("<8sIQ32s")
_LENGTH = struct.Struct("<Q")
_DIGEST_BYTES = 16
_ARRAYS = (
    ("first_chunk", np.uint32),
    ("starts", np.uint32),
    ("ends", np.uint32),
    ("first_context", np.uint32),
    ("contexts", np.uint32),
)
_POSTINGS = (
    ("terms", np.uint64),
    ("offsets", np.int64),
    ("chunks", np.uint32),
    ("sizes", np.uint32),
)


class _Unusable(Exception):
    """A file cannot be used; the message, for the log, says why."""


def cache_file(cache_dir: Path, root: Path) -> Path:
    """The file in which the index of a root is kept."""
    name = re.sub(r"[^\w.-]", "_", root.name)[:40] or "root"
    digest = blake2b(os.fsencode(root), digest_size=8).hexdigest()
    return cache_dir / f"{name}-{digest}.index"


def load(file: Path, root: Path, options: ChunkOptions) -> Kept | None:
    """The kept index; None if there is none, or none that can be used, which is logged."""
    try:
        return _parse(_read_checked(file), _identity(root, options))
    except FileNotFoundError:
        return None
    except (_Unusable, OSError) as error:
        logger.warning("The kept index %s is not used and will be rebuilt: %s.", file, error)
    except Exception:
        # The checksum was right, so it was written like this: by a version with a bug.
        logger.exception("The kept index %s is not used and will be rebuilt.", file)
    return None


def save(file: Path, kept: Kept, root: Path, options: ChunkOptions) -> bool:
    """Replace the kept index; False if that failed, which is logged."""
    aside: Path | None = None
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=file.parent, prefix=f"{file.stem}-", suffix=".tmp", delete=False
        ) as out:
            aside = Path(out.name)
            _write(out, _serialise(kept, _identity(root, options)))
        aside.replace(file)
    except OSError as error:
        logger.warning(
            "The index of %s cannot be kept in %s: %s. The next start rebuilds it.",
            root,
            file.parent,
            error,
        )
        if aside is not None:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
        return False
    return True


def remove_deleted(cache_dir: Path) -> list[Path]:
    """Delete the indexes of roots that have been deleted; returns those roots.

    A root whose parent folder is gone as well may be on a disk that is not there at the moment;
    its index stays, and so do files that cannot be read.
    """
    removed = []
    for file in sorted(cache_dir.glob("*.index")):
        with contextlib.suppress(_Unusable, OSError, ValueError, KeyError, TypeError):
            root = _root_of(file)
            if root.parent.is_dir() and not root.exists():
                file.unlink()
                removed.append(root)
    return removed


def _root_of(file: Path) -> Path:
    """The root whose index the file holds, without reading more than the manifest."""
    with file.open("rb") as data:
        start = data.read(_HEADER.size + _LENGTH.size)
        if len(start) < _HEADER.size + _LENGTH.size or not start.startswith(_MAGIC):
            raise _Unusable("it is no index")
        (length,) = _LENGTH.unpack(start[_HEADER.size :])
        if length > file.stat().st_size:
            raise _Unusable("it is cut short")
        return Path(json.loads(data.read(length))["identity"]["root"])


def _identity(root: Path, options: ChunkOptions) -> dict[str, Any]:
    """All that the chunks of a tree depend on, besides the tree."""
    return {"root": str(root), "options": asdict(options), "grammars": grammar_versions()}


def _write(out: IO[bytes], pieces: Iterator[bytes | memoryview]) -> None:
    out.write(bytes(_HEADER.size))
    checksum = blake2b(digest_size=32)
    total = 0
    for piece in pieces:
        length = _LENGTH.pack(len(piece))
        for data in (length, piece):
            checksum.update(data)
            out.write(data)
        total += len(length) + len(piece)
    out.seek(0)
    out.write(_HEADER.pack(_MAGIC, FORMAT, total, checksum.digest()))


def _read_checked(file: Path) -> memoryview:
    data = memoryview(file.read_bytes())
    if len(data) < _HEADER.size:
        raise _Unusable("it is cut short")
    magic, number, total, digest = _HEADER.unpack(data[: _HEADER.size])
    if magic != _MAGIC:
        raise _Unusable("it is no index")
    if number != FORMAT:
        raise _Unusable(f"its format is {number}, this version's is {FORMAT}")
    body = data[_HEADER.size :]
    if len(body) != total or blake2b(body, digest_size=32).digest() != digest:
        raise _Unusable("it is damaged")
    return body


def _serialise(kept: Kept, identity: dict[str, Any]) -> Iterator[bytes | memoryview]:
    known = list(kept.known.values())
    manifest = {
        "identity": identity,
        "known": list(kept.known),
        "skipped": {i: k.skipped for i, k in enumerate(known) if k.skipped is not None},
        "segments": [part.segment.paths for part in kept.parts],
    }
    yield json.dumps(manifest).encode()
    yield _bytes(np.array([k.stamp for k in known], np.int64).reshape(-1, len(Stamp._fields)))
    yield b"".join(k.digest.ljust(_DIGEST_BYTES, b"\0") for k in known)
    yield _bytes(np.array([k.settled for k in known], np.uint8))
    for part in kept.parts:
        segment = part.segment
        yield _bytes(np.array([len(text) for text in segment.texts], np.int64))
        yield b"".join(segment.texts)
        for name, kind in _ARRAYS:
            yield _bytes(getattr(segment, name).astype(kind, copy=False))
        for name, kind in _POSTINGS:
            yield _bytes(getattr(segment.postings, name).astype(kind, copy=False))


def _parse(body: memoryview, identity: dict[str, Any]) -> Kept:
    pieces = _pieces(body)
    manifest = json.loads(bytes(next(pieces)))
    if manifest["identity"] != identity:
        raise _Unusable("it was made by another version or for another folder")
    stamps = np.frombuffer(next(pieces), np.int64).reshape(-1, len(Stamp._fields)).tolist()
    digests = bytes(next(pieces))
    settled = np.frombuffer(next(pieces), np.uint8).tolist()
    skipped = manifest["skipped"]
    known = {
        path: Known(
            Stamp(*stamps[i]),
            digests[i * _DIGEST_BYTES : (i + 1) * _DIGEST_BYTES],
            bool(settled[i]),
            skipped.get(str(i)),
        )
        for i, path in enumerate(manifest["known"])
    }
    parts = tuple(Part.of(_segment(paths, pieces)) for paths in manifest["segments"])
    return Kept(parts, known)


def _segment(paths: Sequence[str], pieces: Iterator[memoryview]) -> Segment:
    ends = np.cumsum(np.frombuffer(next(pieces), np.int64)).tolist()
    packed = bytes(next(pieces))
    texts = [packed[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    arrays = {name: _array(next(pieces), kind) for name, kind in _ARRAYS}
    postings = Postings(*[_array(next(pieces), kind) for _, kind in _POSTINGS])
    return assemble(paths=tuple(paths), texts=tuple(texts), postings=postings, **arrays)


def _pieces(body: memoryview) -> Iterator[memoryview]:
    at = 0
    while at < len(body):
        (length,) = _LENGTH.unpack(body[at : at + _LENGTH.size])
        at += _LENGTH.size
        yield body[at : at + length]
        at += length


def _bytes(array: NDArray[Any]) -> memoryview:
    """The bytes of an array; little-endian, as all machines are that run this."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _array(data: memoryview, kind: type[Any]) -> NDArray[Any]:
    # Copied: a view would not be aligned, and would keep the whole file in memory.
    return np.frombuffer(bytes(data), kind)
