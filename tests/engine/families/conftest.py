"""Tiny GGUFs with random weights that carry what a family's own files carry: its special tokens
and their kinds, its kind of vocabulary, its metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import pytest
from tests.engine import tiny

from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Evaluation

CONTROL, USER, NORMAL, BYTE = (
    gguf.TokenType.CONTROL,
    gguf.TokenType.USER_DEFINED,
    gguf.TokenType.NORMAL,
    gguf.TokenType.BYTE,
)
WORDS = ("return", "width", "height", "print", "area", "def", "self", "    ", "        ")
"""Pieces longer than a character, with all of their beginnings."""


@dataclass(frozen=True)
class Kind:
    """The facts that tell the files of one family from those of another."""

    vocabulary: str
    """`spm` (SentencePiece), or llama.cpp's name of the pre-tokenizer of a byte-level BPE."""
    special: Sequence[str]
    bos: str | None = None
    """The token that every sequence begins with."""
    eos: str = "<|endoftext|>"
    kind: gguf.TokenType = CONTROL
    """Of the special tokens; llama.cpp makes those it knows control tokens."""
    named: dict[str, str] = field(default_factory=dict)
    """Metadata that names a token: `tokenizer.ggml.{key}_token_id`."""
    space_prefix: bool = True
    """True if SentencePiece puts a space before a text."""
    name: str = ""
    """The file's `general.name`."""


_BIGCODE = ("<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>")
_STARCODER = ("<|endoftext|>", *_BIGCODE, "<filename>", "<gh_stars>", "<reponame>")

KINDS = {
    "qwen": Kind(
        "qwen2",
        ("<|endoftext|>", "<|im_end|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
         "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"),
        named={"fim_pre": "<|fim_prefix|>", "fim_suf": "<|fim_suffix|>",
               "fim_mid": "<|fim_middle|>", "fim_sep": "<|file_sep|>"},
    ),
    "codegemma": Kind(
        "spm",
        ("<bos>", "<eos>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>",
         "<|file_separator|>"),
        bos="<bos>", eos="<eos>", kind=USER, space_prefix=False,
    ),
    "starcoder2": Kind("starcoder", ("<|endoftext|>", *_BIGCODE, "<repo_name>", "<file_sep>")),
    "granite": Kind("refact", _STARCODER),
    "deepseek": Kind(
        "deepseek-coder",
        ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜fim▁hole｜>", "<｜fim▁begin｜>",
         "<｜fim▁end｜>", "<|EOT|>"),
        bos="<｜begin▁of▁sentence｜>", eos="<｜end▁of▁sentence｜>", kind=USER,
    ),
    "codellama": Kind(
        "spm",
        ("<s>", "</s>", "▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>"),
        bos="<s>", eos="</s>", kind=NORMAL,
        named={"prefix": "▁<PRE>", "suffix": "▁<SUF>", "middle": "▁<MID>"},
    ),
    "codestral": Kind(
        "spm",
        ("<s>", "</s>", "[INST]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]"),
        bos="<s>", eos="</s>",
    ),
    "mellum": Kind("mellum", _STARCODER, name="Mellum 4b Base"),
    "seed-coder": Kind(
        "seed-coder",
        ("<[begin▁of▁sentence]>", "<[end▁of▁sentence]>", "<[fim-prefix]>", "<[fim-suffix]>",
         "<[fim-middle]>", "<[PAD▁TOKEN]>", "<[SEP▁TOKEN]>"),
        bos="<[begin▁of▁sentence]>", eos="<[end▁of▁sentence]>",
    ),
    "repoformer": Kind("refact", (*_STARCODER, "<cfc_info>", "<end_rc>")),
    "own": Kind(
        "starcoder", ("<|endoftext|>", "<a>", "<b>", "<c>", "<d>"), kind=NORMAL,
        named={"fim_pre": "<a>", "fim_suf": "<b>", "fim_mid": "<c>", "eot": "<d>"},
    ),
    "unheard-of": Kind("starcoder", ("<|endoftext|>", *_BIGCODE)),
}  # fmt: skip


def _beginnings() -> list[str]:
    parts = (word[:n] for word in WORDS for n in range(2, len(word) + 1))
    return sorted(dict.fromkeys(parts), key=len)


def _spm(kind: Kind) -> tuple[list[str], list[gguf.TokenType], list[float]]:
    """SentencePiece: longer pieces score higher, bytes stand in for what no piece covers."""
    plain = [chr(c).replace(" ", "▁") for c in range(32, 127)]
    plain += [part.replace(" ", "▁") for part in _beginnings()]
    plain += ["▁" + part for part in _beginnings() if not part.startswith(" ")]
    texts = ["<unk>", *kind.special, *(f"<0x{byte:02X}>" for byte in range(256)), *plain]
    kinds = [gguf.TokenType.UNKNOWN, *_kinds(kind), *[BYTE] * 256, *[NORMAL] * len(plain)]
    return texts, kinds, [float(len(text)) for text in texts]


def _bpe(kind: Kind) -> tuple[list[str], list[gguf.TokenType], list[str]]:
    """Byte-level BPE: every word grows from its beginning."""
    shown = _shown_bytes()
    grown = ["".join(shown[byte] for byte in part.encode()) for part in _beginnings()]
    texts = [*kind.special, *shown.values(), *grown]
    kinds = [*_kinds(kind), *[NORMAL] * (len(texts) - len(kind.special))]
    return texts, kinds, [f"{text[:-1]} {text[-1]}" for text in grown]


def _kinds(kind: Kind) -> list[gguf.TokenType]:
    ends = (kind.bos, kind.eos)
    return [CONTROL if text in ends else kind.kind for text in kind.special]


def _shown_bytes() -> dict[int, str]:
    """GPT-2's visible stand-ins for bytes."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return {byte: chr(byte) for byte in visible} | {
        byte: chr(256 + i) for i, byte in enumerate(hidden)
    }


def write(path: Path, kind: Kind) -> Path:
    """A llama of one layer."""
    writer = tiny.begin(path, "llama", context_length=4096)
    tiny.end(writer, n_tokens=_add_vocabulary(writer, kind))
    return path


def write_recurrent(path: Path, kind: Kind) -> Path:
    """A Mamba of one layer."""
    writer = tiny.begin_mamba(path, context_length=4096)
    tiny.end_mamba(writer, n_tokens=_add_vocabulary(writer, kind))
    return path


def _add_vocabulary(writer: gguf.GGUFWriter, kind: Kind) -> int:
    """Add the vocabulary of this kind; the number of its tokens."""
    if kind.name:
        writer.add_name(kind.name)
    if kind.vocabulary == "spm":
        texts, kinds, scores = _spm(kind)
        writer.add_tokenizer_model("llama")
        writer.add_token_scores(scores)
        writer.add_add_space_prefix(kind.space_prefix)
    else:
        texts, kinds, merges = _bpe(kind)
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(kind.vocabulary)
        writer.add_token_merges(merges)
    writer.add_token_list(texts)
    writer.add_token_types(kinds)
    writer.add_eos_token_id(texts.index(kind.eos))
    writer.add_add_bos_token(kind.bos is not None)
    if kind.bos is not None:
        writer.add_bos_token_id(texts.index(kind.bos))
    for key, text in kind.named.items():
        writer.add_uint32(f"tokenizer.ggml.{key}_token_id", texts.index(text))
    return len(texts)


class Heard:
    """A model of a family that remembers what it was given to read."""

    def __init__(self, model: LlamaModel) -> None:
        self.model = model
        self.ids = model._texts()
        self.prompts: list[list[int]] = []
        self.writes: list[int] = []
        """The text it is made to write, whatever its weights say."""

    def __getattr__(self, name: str) -> object:
        return getattr(self.model, name)

    def evaluate(
        self, tokens: Sequence[int], *, rows: int, cancel: Cancel, hidden: bool = False
    ) -> Evaluation:
        """Evaluate for real and, where there is something to write, make that the likeliest."""
        found = self.model.evaluate(tokens, rows=rows, cancel=cancel, hidden=hidden)
        begun = not self.prompts
        self.prompts.append(list(tokens))
        if self.writes:
            written = 0 if begun else len(tokens) - len(self.prompts[0])
            found.logits[-1, self.writes[written]] = found.logits.max() + 50
        return found

    def id(self, text: str) -> int:
        """The token of this text."""
        return self.ids[text.encode()]

    def shown(self, tokens: Sequence[int]) -> str:
        """A prompt for people: text, and special tokens by name."""
        names = {i: text.decode() for text, i in self.ids.items()}
        pieces = self.model.pieces.pieces
        parts = (pieces[i] or f"{names[i]}".encode() for i in tokens)
        return b"".join(parts).decode()


@pytest.fixture(scope="session")
def family_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The GGUF of a family, written once a session."""
    folder = tmp_path_factory.mktemp("families")

    def file(name: str) -> Path:
        path = folder / f"{name}.gguf"
        return path if path.exists() else write(path, KINDS[name])

    return file


@pytest.fixture
def recurrent_file(tmp_path: Path) -> Path:
    """A recurrent model that reads Qwen's format."""
    return write_recurrent(tmp_path / "recurrent.gguf", KINDS["qwen"])


@pytest.fixture
def heard(family_file: Callable[[str], Path]) -> Iterator[Callable[[str], Heard]]:
    """A model of a family, loaded."""
    models: list[LlamaModel] = []

    def load(name: str) -> Heard:
        models.append(LlamaModel(family_file(name), threads=1))
        return Heard(models[-1])

    yield load
    for model in models:
        model.close()
