"""Prompts as text, for a model whose tokens are not here; pure.

Every character counts as a token, and a special token is a number beyond the last character, so
that the windows and layouts of local models serve here too. Budgets are in characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sidelong.engine.model.families import FAMILIES, Family
from sidelong.engine.prompt import Layout, Special

CHARACTERS_PER_TOKEN: Final = 3
"""Code has between 3 and 4; the smaller number never overfills a remote context."""

INFILL: Final = "infill"
"""The name of llama-server's own endpoint, which knows its model's format."""

FORMATS: Final = {
    "qwen2.5-coder": "Qwen2.5-Coder",
    "codegemma": "CodeGemma",
    "starcoder2": "StarCoder2",
    "starcoder": "StarCoder or Granite",
    "granite-code": "StarCoder or Granite",
    "deepseek-coder": "DeepSeek-Coder",
    "codestral": "Codestral",
    "mellum": "Mellum",
    "seed-coder": "Seed-Coder",
    "codellama": "CodeLlama",
}
"""The names that settings give to families."""

_BEYOND: Final = 0x110000
_PREFIX, _SUFFIX, _MIDDLE, _FILE, _TEXT = "<prefix>", "<suffix>", "<middle>", "<file>", "<text>"
_FOR_INFILL: Final = Family(
    Layout(INFILL, chunk=(f"{_FILE}{{path}}{_TEXT}{{text}}",)), (_PREFIX, _SUFFIX, _MIDDLE)
)


class Words:
    """Healing without the model's vocabulary."""

    @staticmethod
    def split(ids: Sequence[int]) -> tuple[list[int], bytes]:
        """Cut before the word at the end and the white space before it, within the line."""
        start = len(ids)
        while start and ids[start - 1] < _BEYOND and _in_word(chr(ids[start - 1])):
            start -= 1
        while start and ids[start - 1] < _BEYOND and chr(ids[start - 1]) in " \t":
            start -= 1
        return list(ids[:start]), "".join(map(chr, ids[start:])).encode("utf-8", "replace")


class Characters:
    """A family's format, written in characters; implements `view.Reader`."""

    def __init__(self, family: Family) -> None:
        self._texts: list[str] = []
        prefix, suffix, middle = family.fim
        self.special = Special(
            eos=-1,
            fim_prefix=self._id(prefix),
            fim_middle=None if middle is None else self._id(middle),
            fim_suffix=self._id(suffix),
            suffix_first=family.suffix_first,
            family=family.of(self._id),
        )
        self.pieces = Words()
        self.ends = tuple(text.strip("▁") for text in family.ends)
        """The texts that end a completion, where a server writes them out."""
        known = {text.strip("▁") for text in (*self._texts, *family.needs, *family.ends)}
        alternatives = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
        self._special_text = re.compile(alternatives) if family is not _FOR_INFILL else None

    def tokenize(self, text: str) -> list[int]:
        """One number a character.

        The server reads the text of a special token as that token, so a space breaks those up
        that stand in somebody's code.
        """
        if self._special_text is not None:
            text = self._special_text.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
        return [ord(character) for character in text]

    def text(self, prompt: Sequence[int]) -> str:
        """The prompt as a server gets it, with special tokens by their texts."""
        written = "".join(self._text(token) for token in prompt)
        # SentencePiece puts the space of a first piece there by itself.
        return _sendable(written.removeprefix(" ") if self._texts[0].startswith("▁") else written)

    def infill(self, prompt: Sequence[int]) -> Infill:
        """The parts of a prompt in the format for `/infill`."""
        parts: list[tuple[str, list[int]]] = []
        for token in prompt:
            if token >= _BEYOND:
                parts.append((self._texts[token - _BEYOND], []))
            else:
                parts[-1][1].append(token)
        texts = [(mark, _sendable("".join(map(chr, ids)))) for mark, ids in parts]
        named = dict(texts)
        paths = [text for mark, text in texts if mark == _FILE]
        chunks = [text for mark, text in texts if mark == _TEXT]
        return Infill(
            named[_PREFIX], named[_SUFFIX], named[_MIDDLE], list(zip(paths, chunks, strict=True))
        )

    def _id(self, text: str) -> int:
        if text not in self._texts:
            self._texts.append(text)
        return _BEYOND + self._texts.index(text)

    def _text(self, token: int) -> str:
        """A character, or the text that a server reads as the special token."""
        if token < _BEYOND:
            return chr(token)
        text = self._texts[token - _BEYOND]
        return f" {text[1:]}" if text.startswith("▁") else text


@dataclass(frozen=True)
class Infill:
    """The parts of a request to `/infill`."""

    prefix: str
    suffix: str
    typed: str
    """The part of the cursor's line before the cursor."""
    chunks: list[tuple[str, str]]
    """Path and text of each, in the order of the prompt."""


def format_named(name: str) -> Characters:
    """The format that a setting names; the name is one of `FORMATS` or `INFILL`."""
    if name == INFILL:
        return Characters(_FOR_INFILL)
    return Characters(next(each for each in FAMILIES if each.layout.name == FORMATS[name]))


def _in_word(character: str) -> bool:
    return character == "_" or character.isalnum()


def _sendable(text: str) -> str:
    """The text without halves of surrogate pairs, which no JSON parser has to accept."""
    return text.encode("utf-8", "replace").decode("utf-8")
