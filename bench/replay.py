"""Keystrokes of `editing`, each with a request to a real `sidelong serve`.

For each kind of event: the tokens that went through the model, the time from request to answer, and
the share with a suggestion. Tokens that a prefetch takes are counted where it is used.

    python -m bench.replay [GGUF]
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.editing import KINDS, Event, Kind, keystrokes
from bench.editor import Asked, Editor, serving
from bench.program import Program, Result, program
from bench.sources import Package, package

FILES, VISITS = 3, 2
TYPING: tuple[Kind, ...] = ("type", "bracket", "delete")


@dataclass(frozen=True)
class Answered:
    """An event, and the answer of one side to it."""

    kind: Kind
    asked: Asked


def events(run: Program, code: Package) -> list[Event]:
    """The keystrokes in the package's longest files."""
    files = {path: code.files[path] for path in code.longest(FILES)}
    done = list(keystrokes(files, visits=VISITS))
    return done[: run.times(len(done), 30)]


async def ask(editor: Editor, code: Package, event: Event) -> Asked:
    """Tell the server of the event, and ask."""
    path = code.root / event.path
    editor.show(path, event.text)
    return await editor.ask(path, event.text, event.offset)


async def replay(run: Program, code: Package) -> list[Answered]:
    """All events, one after the other."""
    async with serving(run.model, code.root) as editor:
        return [Answered(event.kind, await ask(editor, code, event)) for event in events(run, code)]


def table(sides: Mapping[str, Sequence[Answered]]) -> Iterator[str]:
    """A line for each kind of event and side; tokens are means, milliseconds medians."""
    yield "event    side          n    read  written      ms  shown  recalled"
    for kind in KINDS:
        for side, answered in sides.items():
            asked = [each.asked for each in answered if each.kind == kind]
            if asked:
                read, written, ms = means(asked)
                shown = statistics.fmean(bool(each.text) for each in asked)
                recalled = statistics.fmean(each.recalled for each in asked)
                yield (
                    f"{kind:9}{side:10}{len(asked):5}{read:8.1f}{written:9.1f}{ms:8.0f}"
                    f"{shown:7.0%}{recalled:10.0%}"
                )


def means(asked: Sequence[Asked]) -> tuple[float, float, float]:
    """Mean tokens read and written, and median milliseconds."""
    read = statistics.fmean(each.read for each in asked)
    written = statistics.fmean(each.written for each in asked)
    return read, written, statistics.median(each.ms for each in asked)


def typed(answered: Sequence[Answered]) -> list[Asked]:
    """The answers while typing within a line."""
    return [each.asked for each in answered if each.kind in TYPING]


def results(answered: Sequence[Answered]) -> Iterator[Result]:
    asked = typed(answered)
    read, written, _ = means(asked)
    counts = {
        "keys": len(asked),
        "read": read,
        "written": written,
        "recalled": statistics.fmean(each.recalled for each in asked),
    }
    yield Result("replay_tokens_typing", read + written, "tokens", "a key", counts)


def main(arguments: Sequence[str] | None = None) -> None:
    run = program("bench.replay", __doc__, arguments)
    answered = asyncio.run(replay(run, package("prompt-toolkit")))
    print("\n".join(table({"sidelong": answered})))
    run.leave(*results(answered))


if __name__ == "__main__":
    main()
