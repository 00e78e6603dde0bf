"""The cost of another document: going back to one, and the first suggestion after opening one.

Every suggestion is asked for in each of the documents before any is gone back to; the tokens that
are evaluated then are those that were not kept. "Read ahead" is `Completer.read_ahead` at the
cursor of a document that was just opened, while nobody waits.

    python -m bench.documents [GGUF]
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.program import Program, Result, program, ratio
from bench.sources import Package, package

from sidelong.engine import Cancel, Completer, Request, load_model
from sidelong.settings import Settings

FILES = 5
OPENED = 12
"""Documents that are opened, with reading ahead and without."""


def cursor(path: str, text: str, share: float = 0.5) -> Request:
    """A request where a line begins, `share` of the way through the document."""
    lines = text.split("\n")
    number = next(
        n for n in range(int(share * len(lines)), len(lines)) if len(lines[n].strip()) > 8
    )
    indent = len(lines[number]) - len(lines[number].lstrip())
    offset = len("\n".join(lines[:number])) + 1 + indent
    return Request(path, "python", text, offset, Settings())


def switch_back(completer: Completer, code: Package, n: int) -> Result:
    """Ask in `n` documents, one after the other, and then in each of them again."""
    snapshot = code.snapshot()
    requests = [cursor(path, code.files[path]) for path in code.longest(n)]
    last_lines, evaluated = [], []
    for round_ in range(2):
        for request in requests:
            answer = completer.complete(request, snapshot=snapshot, cancel=Cancel())
            if round_:
                evaluated.append(answer.tokens.evaluated)
                line = request.before.rpartition("\n")[2]
                last_lines.append(len(completer.model.tokenize(line)))
    counts = {
        "most": max(evaluated),
        "last_line": statistics.median(last_lines),
        "documents": n,
    }
    return Result(
        "switch_back_tokens", statistics.median(evaluated), "tokens", "the last line's", counts
    )


def first_after_open(completer: Completer, code: Package, n: int) -> Iterator[Result]:
    """The wall time of a document's first suggestion after reading ahead, over the same without."""
    snapshot = code.snapshot()
    times: dict[bool, list[float]] = {True: [], False: []}
    tokens: dict[bool, list[int]] = {True: [], False: []}
    paths = code.longest(max(2, n // 2))
    for i in range(n):
        path = paths[i % len(paths)]
        request = cursor(path, code.files[path], 0.3 + 0.4 * (i // len(paths)))
        for ahead in (True, False) if i % 2 else (False, True):
            completer.model.forget()
            # Under a name that was never used, no anchor is kept either.
            opened = replace(request, project=f"{i}-{ahead}")
            if ahead:
                completer.read_ahead(opened, snapshot=snapshot, cancel=Cancel())
            start = time.perf_counter()
            answer = completer.complete(opened, snapshot=snapshot, cancel=Cancel())
            times[ahead].append(time.perf_counter() - start)
            tokens[ahead].append(answer.tokens.evaluated)
    counts = {
        "evaluated_ahead": statistics.median(tokens[True]),
        "evaluated_without": statistics.median(tokens[False]),
        "documents": n,
    }
    value = ratio(times[True], times[False])
    yield Result("first_after_open", value, "x", "without reading ahead", counts)


def measure(run: Program) -> Iterator[Result]:
    completer = Completer(load_model(run.model))
    code = package()
    yield switch_back(completer, code, 2 if run.short else FILES)
    yield from first_after_open(completer, code, run.times(OPENED, 2))
    completer.close()


def main(arguments: Sequence[str] | None = None) -> None:
    run = program("bench.documents", __doc__, arguments)
    run.leave(*measure(run))


if __name__ == "__main__":
    main()
