"""The cost of a keystroke in tokens: real lines typed into a real file, character by character.

Every request goes to the model (typing along a suggestion is not used), so this is the worst case.
Counts do not depend on the machine; milliseconds do, and stand there for their ratios.

    python -m bench.keystrokes [MODEL.gguf]
"""

from __future__ import annotations

import statistics
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from sidelong.engine import Answer, Cancel, Completer, Request, load_model
from sidelong.paths import default_model
from sidelong.settings import RetrievalMode, Settings
from sidelong_index import Snapshot, build

PACKAGE = "rich"
FILE = "console.py"
LINES = range(700, 1900, 200)
"""The lines of the file that are typed, as if they were not there yet; blank ones are skipped."""


def typed(path: str, text: str, retrieval: RetrievalMode) -> Iterator[Request]:
    """A request after each character of each line."""
    lines = text.split("\n")
    for number in LINES:
        line = lines[number]
        above = "\n".join([*lines[:number], ""])
        below = "\n".join(["", *lines[number + 1 :]])
        for n in range(len(line) - len(line.lstrip()), len(line)):
            before = above + line[: n + 1]
            yield Request(
                path, "python", before + below, len(before), Settings(retrieval=retrieval)
            )


def answers(
    completer: Completer, path: str, text: str, snapshot: Snapshot, retrieval: RetrievalMode
) -> list[Answer]:
    return [
        completer.complete(request, snapshot=snapshot, cancel=Cancel())
        for request in typed(path, text, retrieval)
    ]


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


def main() -> None:
    model = Path(sys.argv[1]) if len(sys.argv) > 1 else default_model()
    root = Path(sysconfig.get_paths()["purelib"]) / PACKAGE
    files = {p.relative_to(root).as_posix(): p.read_text("utf-8") for p in root.rglob("*.py")}
    path = next(name for name in sorted(files) if Path(name).name == FILE)
    completer = Completer(load_model(model))
    print(f"{model.name}, typing {len(LINES)} lines of {PACKAGE}/{path}; medians per keystroke")
    print("           keys   prompt  evaluated   (mean)  generated  retrieved      ms")
    modes: tuple[RetrievalMode, ...] = ("never", "auto", "always")
    for mode in modes:
        report(mode, answers(completer, path, files[path], build(files.items()), mode))
    completer.close()


if __name__ == "__main__":
    main()
