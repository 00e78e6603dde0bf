"""Decides which files are left out for their names or their content, and says why.

All of this holds for open documents too: what must not be read from disk must not come in by the
editor either. `ignores` applies the ignore files, `secret_names` knows the names of secret files,
and `secrets` finds keys in text.
"""

import re
from dataclasses import dataclass
from fnmatch import translate
from typing import Literal

from sidelong_index.secret_names import is_secret_name
from sidelong_index.secrets import has_private_key

Reason = Literal[
    "ignored",
    "secret name",
    "private key",
    "lock file",
    "too large",
    "binary",
    "minified",
    "odd name",
    "unreadable",
    "over the limit",
]

MAX_FILE_BYTES = 1024 * 1024
MAX_LINE = 20_000
MAX_MEAN_LINE = 300
"""Characters: Markdown with a paragraph a line stays below, bundled scripts are far above."""

MAX_STRAY_BYTES = 0.05
"""A file that is no UTF-8 is taken for Latin-1 if at most this share of it is not ASCII."""

_LOCK = (
    "*.lock package-lock.json npm-shrinkwrap.json pnpm-lock.yaml bun.lockb go.sum"
    " packages.lock.json gradle.lockfile *.min.js *.min.css *.min.mjs *.js.map *.css.map"
)

_BINARY = (
    "png jpg jpeg gif webp bmp ico icns tif tiff psd heic avif"
    " mp3 mp4 m4a aac wav ogg opus flac mov avi mkv webm"
    " zip gz tgz bz2 xz zst 7z rar tar jar war ear"
    " class pyc pyd so dll dylib exe wasm woff woff2 ttf otf eot"
    " npy npz parquet onnx gguf safetensors sqlite sqlite3"
    " pdf doc docx xls xlsx ppt pptx"
)
"""Endings of files that are never text, so that they are not read and count towards no limit."""


def _any_of(patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in patterns.split()))


_LOCK_NAME = _any_of(_LOCK)
_BINARY_ENDINGS = frozenset(_BINARY.split())


@dataclass(frozen=True)
class Skipped:
    """A file that is not in the index, instead of its text."""

    reason: Reason


def refuse_name(path: str) -> Reason | None:
    """Why a file of this name ('/' separated) is left out, whatever is in it; None: it is not."""
    if is_secret_name(path):
        return "secret name"
    name = path.lower().rpartition("/")[2]
    if _LOCK_NAME.match(name):
        return "lock file"
    stem, _, ending = name.rpartition(".")
    return "binary" if stem and ending in _BINARY_ENDINGS else None


def refuse_size(size_bytes: int) -> Reason | None:
    """Why a file of this size is left out; None: it is not."""
    return "too large" if size_bytes > MAX_FILE_BYTES else None


def read_text(data: bytes) -> str | Skipped:
    """The text in a file's bytes, or why it is left out."""
    if len(data) > MAX_FILE_BYTES:
        return Skipped("too large")
    text = _decode(data)
    if text is None:
        return Skipped("binary")
    return check_text(text)


def check_text(text: str) -> str | Skipped:
    """The text itself, or why it is left out: also for text that never was in a file."""
    if len(text) > MAX_FILE_BYTES:
        return Skipped("too large")
    if "\0" in text:
        return Skipped("binary")
    lines = text.split("\n")
    if len(text) > MAX_MEAN_LINE * len(lines) and len(text) > MAX_LINE:
        return Skipped("minified")
    if len(text) > MAX_LINE and max(map(len, lines)) > MAX_LINE:
        return Skipped("minified")
    if has_private_key(text):
        return Skipped("private key")
    return text


def _decode(data: bytes) -> str | None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _try(data, "utf-16")
    if b"\0" in data:
        return None
    text = _try(data, "utf-8-sig")
    if text is None and _stray_bytes(data) <= MAX_STRAY_BYTES * len(data):
        return data.decode("latin-1")
    return text


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _stray_bytes(data: bytes) -> int:
    return len(data) - len(data.decode("ascii", "ignore"))
