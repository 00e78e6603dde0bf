"""The LSP language id of a file, by its suffix: the id that an editor would send."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

_LANGUAGES: Final = {
    "c": "c h",
    "cpp": "cc cpp cxx c++ hh hpp hxx h++ ipp",
    "csharp": "cs",
    "css": "css",
    "dockerfile": "dockerfile",
    "go": "go",
    "html": "html htm",
    "java": "java",
    "javascript": "js mjs cjs",
    "javascriptreact": "jsx",
    "json": "json",
    "kotlin": "kt kts",
    "lua": "lua",
    "makefile": "mk",
    "markdown": "md markdown",
    "php": "php",
    "python": "py pyi pyw",
    "ruby": "rb",
    "rust": "rs",
    "scala": "scala",
    "shellscript": "sh bash zsh",
    "sql": "sql",
    "swift": "swift",
    "toml": "toml",
    "typescript": "ts mts cts",
    "typescriptreact": "tsx",
    "yaml": "yaml yml",
}
_BY_SUFFIX: Final = {
    suffix: language for language, suffixes in _LANGUAGES.items() for suffix in suffixes.split()
}


def language_id(path: PurePath) -> str:
    """The language id of a file; `plaintext` for an unknown suffix."""
    return _BY_SUFFIX.get(path.suffix.lower().lstrip("."), "plaintext")
