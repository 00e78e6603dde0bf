"""The cost of a keystroke in tokens: real lines typed into a real file, character by character.

Every request goes to the model (typing along a suggestion is not used), so this is the worst case.
Counts do not depend on the machine; milliseconds do, and stand there for their ratios.
`keystroke_tokens_retrieved` is what a key costs once the line's chunks have been read: the first
key of each line reads them and is left out.

    python -m bench.keystrokes [GGUF]
"""

from __future__ import annotations

import statistics
import sysconfig
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from bench.program import Result, program

from sidelong.engine import Answer, Cancel, Completer, Request, load_model
from sidelong.settings import RetrievalMode, Settings
from sidelong_index import Snapshot, build

PACKAGE = "rich"
FILE = "console.py"
LINES = range(700, 1900, 200)
"""The lines of the file that are typed, as if they were not there yet; blank ones are skipped."""

MORE = 4
"""Tokens that a key may evaluate beside what was typed."""


def typed(
    path: str, text: str, retrieval: RetrievalMode, numbers: Sequence[int]
) -> Iterator[Request]:
    """A request after each character of each line."""
    lines = text.split("\n")
    for number in numbers:
        line = lines[number]
        above = "\n".join([*lines[:number], ""])
        below = "\n".join(["", *lines[number + 1 :]])
        for n in range(len(line) - len(line.lstrip()), len(line)):
            before = above + line[: n + 1]
            yield Request(
                path, "python", before + below, len(before), Settings(retrieval=retrieval)
            )


def answers(
    completer: Completer, requests: Iterator[Request], snapshot: Snapshot
) -> list[tuple[Request, Answer]]:
    return [
        (request, completer.complete(request, snapshot=snapshot, cancel=Cancel()))
        for request in requests
    ]


def retrieved(completer: Completer, answered: Sequence[tuple[Request, Answer]]) -> Result:
    """The tokens of the keys that follow another on their line, where chunks had been read."""
    evaluated, within = [], 0
    for (before, _), (request, answer) in pairwise(answered):
        typed_text = request.before.removeprefix(before.before)
        if "\n" in typed_text or not answer.chunks:
            continue
        evaluated.append(answer.tokens.evaluated)
        within += answer.tokens.evaluated <= len(completer.model.tokenize(typed_text)) + MORE
    counts = {
        "keys": len(evaluated),
        "mean": statistics.fmean(evaluated),
        "most": max(evaluated),
        "within_typed_and_4": within,
    }
    value = statistics.median(evaluated)
    return Result("keystroke_tokens_retrieved", value, "tokens", "typed + 4", counts)


def report(name: str, answered: list[Answer]) -> None:
    prompt = statistics.median(answer.tokens.prompt for answer in answered)
    evaluated = [answer.tokens.evaluated for answer in answered]
    generated = statistics.median(answer.tokens.generated for answer in answered)
    ms = statistics.median(sum(answer.ms.values()) for answer in answered)
    share = statistics.fmean(answer.gate.retrieved for answer in answered)
    print(
        f"{name:8}{len(answered):6}{prompt:9.0f}{statistics.median(evaluated):11.0f}"
        f"{statistics.fmean(evaluated):9.1f}{generated:11.0f}{share:11.0%}{ms:8.1f}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    run = program("bench.keystrokes", __doc__, arguments)
    numbers = LINES[: run.times(len(LINES), 1)]
    root = Path(sysconfig.get_paths()["purelib"]) / PACKAGE
    files = {p.relative_to(root).as_posix(): p.read_text("utf-8") for p in root.rglob("*.py")}
    path = next(name for name in sorted(files) if Path(name).name == FILE)
    completer, snapshot = Completer(load_model(run.model)), build(files.items())
    print(f"{run.model.name}, typing {len(numbers)} lines of {PACKAGE}/{path}; medians a key")
    print("           keys   prompt  evaluated   (mean)  generated  retrieved      ms")
    modes: tuple[RetrievalMode, ...] = ("never", "auto", "always")
    for mode in modes[-1:] if run.short else modes:
        completer.model.forget()
        answered = answers(completer, typed(path, files[path], mode, numbers), snapshot)
        report(mode, [answer for _, answer in answered])
    run.leave(retrieved(completer, answered))
    completer.close()


if __name__ == "__main__":
    main()
