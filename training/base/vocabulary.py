"""Stage 2 of the base, its vocabulary: the part of the source model's that code needs.

Kept are all bytes, the source's first tokens (frequent ones, of any language), every token that
the corpus holds often enough, and the pieces that each of these is merged from. So text is cut as
the source model cuts it, wherever its tokens are kept. Special tokens take the first ids, as in
nano's vocabulary.

    python -m training.base.vocabulary --source QWEN.gguf --corpus WORK/train.jsonl \\
        --out WORK/tokenizer.json
    python -m training.base.vocabulary --of MODEL.gguf --out WORK/tokenizer.json   # one of ours
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

from training import modelfile
from training.corpus import SourceFile, read
from training.files import whole
from training.modelfile import ModelFile
from training.tokenizer import SPECIAL, special_tokens

PRE_TOKENIZER = "qwen2"
"""llama.cpp's name for `PATTERN`."""

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

LAST_STAND_IN = 0x143
"""A byte is shown as a character up to this one; tokens with others are other scripts' own."""

MULTIPLE = 128
"""Of which the size is one, as matrix products like it."""

Merge = tuple[str, str]


@dataclass(frozen=True)
class Rule:
    """The choice of tokens besides the bytes and the pieces of those kept."""

    first: int = 8000
    """Of the source's, as it orders them by frequency; only those of one byte a character."""
    least: int = 40
    """The least number of times that a token stands in the sample."""
    python_every: int = 5
    """The sample holds each n-th file of Python, of which the corpus has most."""
    other_every: int = 3


def byte_pairs(ids: dict[str, int], merges: Sequence[Merge]) -> Tokenizer:
    """A byte-level BPE of the source's kind; it has no special tokens yet."""
    made = Tokenizer(models.BPE(vocab=ids, merges=list(merges)))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    return made


def of(model: ModelFile) -> Tokenizer:
    """The tokenizer of a model of ours, out of its file."""
    texts, merges = said(model)
    made = byte_pairs({text: i for i, text in enumerate(texts)}, merges)
    made.add_special_tokens(special_tokens())
    return made


def said(model: ModelFile) -> tuple[list[str], list[Merge]]:
    """The tokens and the merges, best first, that a file of a BPE names."""
    texts: list[str] = model.fields["tokenizer.ggml.tokens"].value
    rules: list[str] = model.fields["tokenizer.ggml.merges"].value
    return texts, [(left, right) for left, right in (rule.split(" ", 1) for rule in rules)]


def count(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[int]:
    """The number of times that each token stands in the texts."""
    seen: Counter[int] = Counter()
    left = iter(texts)
    while batch := list(islice(left, 500)):
        for encoded in tokenizer.encode_batch(batch, add_special_tokens=False):
            seen.update(encoded.ids)
    return seen


def cut(texts: Sequence[str], merges: Sequence[Merge], seen: Counter[int], rule: Rule) -> Tokenizer:
    """The part of a vocabulary (its texts by id) that the rule keeps, with our special tokens."""
    made_of = {left + right: (left, right) for left, right in reversed(merges)}
    plain = {i for i, text in enumerate(texts) if len(text) == 1 or text in made_of}

    kept: set[str] = set()
    waiting = [texts[i] for i in plain if len(texts[i]) == 1]
    waiting += [texts[i] for i in sorted(plain) if i < rule.first and _is_of_bytes(texts[i])]
    waiting += [texts[i] for i, n in seen.items() if n >= rule.least and i in plain]
    while waiting:
        text = waiting.pop()
        if text not in kept:
            kept.add(text)
            waiting += made_of.get(text, ())

    size = -(-(len(kept) + len(SPECIAL)) // MULTIPLE) * MULTIPLE - len(SPECIAL)
    for i, _ in seen.most_common():
        if len(kept) < size and i in plain and kept.issuperset(made_of.get(texts[i], ())):
            kept.add(texts[i])
    order = [text for text in texts if text in kept]
    rules = [(a, b) for a, b in merges if {a, b, a + b} <= kept]
    made = byte_pairs({text: i for i, text in enumerate([*SPECIAL, *order])}, rules)
    made.add_special_tokens(special_tokens())
    return made


def _is_of_bytes(text: str) -> bool:
    return all(ord(character) <= LAST_STAND_IN for character in text)


def sample(files: Iterable[SourceFile], rule: Rule) -> Iterable[str]:
    """The texts in which tokens are counted."""
    for i, file in enumerate(files):
        if i % (rule.python_every if file.path.endswith(".py") else rule.other_every) == 0:
            yield file.text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--source", type=Path, help="a Qwen2.5-Coder, to cut its vocabulary")
    source.add_argument("--of", type=Path, help="a model of ours, to take its vocabulary")
    parser.add_argument("--corpus", type=Path, help="with --source: where tokens are counted")
    parser.add_argument("--first", type=int, default=Rule.first)
    parser.add_argument("--least", type=int, default=Rule.least)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    if args.source:
        if args.corpus is None:
            parser.error("--source needs --corpus")
        rule = Rule(args.first, args.least)
        texts, merges = said(modelfile.read(args.source))
        every = byte_pairs({text: i for i, text in enumerate(texts)}, merges)
        seen = count(every, sample(read(args.corpus), rule))
        made = cut(texts, merges, seen, rule)
        kept = sum(n for i, n in seen.items() if made.token_to_id(texts[i]) is not None)
        print(f"{kept / max(1, seen.total()):.1%} of {seen.total()} tokens stay whole")
    else:
        made = of(modelfile.read(args.of))
    with whole(args.out) as aside:
        made.save(str(aside))
    print(f"vocabulary of {made.get_vocab_size()} in {args.out}")


if __name__ == "__main__":
    main()
