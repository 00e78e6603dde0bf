"""Examples of the decision: labelled blanks as the sequences that `train decide` reads.

Where retrieval improved the completion's edit similarity, `<eof>` is followed by `<cc>`;
elsewhere by `<fim_middle>` at once. So the token after `<eof>` is the label.

    python -m training.decision --labels WORK/labels.jsonl --corpus WORK/decide.jsonl \\
        --tokenizer WORK/tokenizer.json --out WORK/decide.npz
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from sidelong.evaluation.blanks import Blank
from training import packed
from training.corpus import SourceFile
from training.examples import example, packages
from training.outcomes import Outcome, read
from training.packed import Example
from training.tokenizer import Vocabulary, load


def examples(
    vocabulary: Vocabulary,
    corpus: Sequence[Sequence[SourceFile]],
    outcomes: Sequence[Outcome],
    *,
    margin: float,
) -> Iterator[Example]:
    """One example per outcome, in the form that its label asks for.

    No chunks stand in them: in this edition what is retrieved speaks through the workspace cache.
    """
    texts = {(f.package, f.path): f.text for files in corpus for f in files}
    for outcome in outcomes:
        case = outcome.case
        blank = Blank(case.start, case.end, "line")
        made = example(vocabulary, texts[case.package, case.path], blank, [])
        yield _asking(vocabulary, made) if outcome.gain > margin else made


def _asking(vocabulary: Vocabulary, abstaining: Example) -> Example:
    """The same example with `<cc>` after `<eof>`."""
    after = abstaining.eof + 1
    cc = vocabulary.special.cc or 0
    tokens = [*abstaining.tokens[:after], cc, *abstaining.tokens[after:]]
    return Example(tokens, abstaining.eof, abstaining.middle + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--margin", type=float, default=0.0, help="the least gain that is help")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    made = packed.pack(
        examples(load(args.tokenizer), packages(args.corpus), read(args.labels), margin=args.margin)
    )
    packed.write(args.out, made)
    print(f"{len(made)} examples, {packed.retrieving(made).mean():.0%} of them retrieve")


if __name__ == "__main__":
    main()
