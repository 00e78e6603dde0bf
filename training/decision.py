"""Stage 6, examples of the decision: labelled blanks as sequences of the second stage.

Where retrieval improved the completion's edit similarity, `<eof>` is followed by `<cc>` and the
chunks; elsewhere by `<fim_middle>` at once. So the token after `<eof>` is the label.

    python -m training.decision --labels WORK/labels.jsonl --corpus WORK/decide.jsonl \\
        --tokenizer WORK/tokenizer.json --out WORK/decide.npz
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from sidelong.evaluation.blanks import Blank
from sidelong_index import build
from training import packed
from training.corpus import SourceFile
from training.examples import example, packages, retrieve
from training.label import Outcome, read
from training.packed import Example
from training.tokenizer import Vocabulary, load


def examples(
    vocabulary: Vocabulary,
    corpus: Sequence[Sequence[SourceFile]],
    outcomes: Sequence[Outcome],
    *,
    margin: float,
) -> Iterator[Example]:
    """One example per outcome, in the form that its label asks for."""
    for files in corpus:
        snapshot = build([(file.path, file.text) for file in files])
        by_path = {file.path: file for file in files}
        for outcome in outcomes:
            if outcome.case.package != files[0].package:
                continue
            file = by_path[outcome.case.path]
            blank = Blank(outcome.case.start, outcome.case.end, "line")
            helps = outcome.gain > margin
            hits = retrieve(snapshot, file, blank, target_in_query=False) if helps else []
            yield example(vocabulary, file.text, blank, hits)


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
