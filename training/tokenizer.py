"""Stage 2 of nano, the vocabulary: a byte-level BPE that llama.cpp tokenises identically.

Single digits, then the GPT-2 pattern, is what llama.cpp calls the `starcoder` pre-tokenizer.
Special tokens take the first ids; plain text never yields them.

    python -m training.tokenizer --corpus WORK/train.jsonl --vocabulary 4096 \
        --out WORK/tokenizer.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from sidelong.engine.healing import Pieces
from sidelong.engine.prompt import Special
from training.files import whole

PRE_TOKENIZER = "starcoder"
"""llama.cpp's name for how text is cut before its pieces are merged."""

SPECIAL = (
    "<|endoftext|>",
    "<fim_prefix>",
    "<fim_middle>",
    "<fim_suffix>",
    "<file_sep>",
    "<eof>",
    "<cc>",
)


class Vocabulary:
    """A trained tokenizer as the product's pure functions want it."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        ids = {token: int(tokenizer.token_to_id(token) or 0) for token in SPECIAL}
        self.special = Special(
            eos=ids["<|endoftext|>"],
            fim_prefix=ids["<fim_prefix>"],
            fim_middle=ids["<fim_middle>"],
            fim_suffix=ids["<fim_suffix>"],
            file_sep=ids["<file_sep>"],
            eof=ids["<eof>"],
            cc=ids["<cc>"],
        )
        self.texts = [str(tokenizer.id_to_token(i)) for i in range(tokenizer.get_vocab_size())]
        plain = {ord(shown): byte for byte, shown in shown_bytes().items()}
        self.pieces = Pieces(
            [b"" if text in SPECIAL else bytes(plain[ord(c)] for c in text) for text in self.texts]
        )

    @property
    def size(self) -> int:
        return len(self.texts)

    @property
    def merges(self) -> list[str]:
        """The merge rules, best first, each as 'left right'."""
        model = json.loads(self.tokenizer.to_str())["model"]
        return [rule if isinstance(rule, str) else " ".join(rule) for rule in model["merges"]]

    def tokenize(self, text: str) -> list[int]:
        """Plain text to ids; the text of a special token is taken as plain text."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def text(self, ids: list[int]) -> str:
        return b"".join(self.pieces.pieces[i] for i in ids).decode(errors="replace")


def load(path: Path) -> Vocabulary:
    """The tokenizer kept at `path`, with special tokens' texts taken literally."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    return Vocabulary(tokenizer)


def train(texts: Iterator[str], *, vocabulary: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special_tokens(),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def special_tokens() -> list[AddedToken]:
    """The special tokens as `tokenizers` takes them."""
    return [AddedToken(token, special=True, normalized=False) for token in SPECIAL]


def shown_bytes() -> dict[int, str]:
    """GPT-2's way to show each byte as a printable character."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    hidden = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {
        byte: chr(256 + i) for i, byte in enumerate(hidden)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--vocabulary", type=int, default=4096)
    parser.add_argument("--every", type=int, default=1, help="use each n-th file only")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    with args.corpus.open(encoding="utf-8") as lines:
        texts = (json.loads(line)["text"] for i, line in enumerate(lines) if i % args.every == 0)
        tokenizer = train(texts, vocabulary=args.vocabulary)
    with whole(args.out) as aside:
        tokenizer.save(str(aside))
    print(f"vocabulary of {tokenizer.get_vocab_size()} in {args.out}")


if __name__ == "__main__":
    main()
