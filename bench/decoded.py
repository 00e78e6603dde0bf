"""The tokens that are decoded over those that are shown, and where the others went.

Suggestions are asked for at the places where real lines stop: after half of a line, and where it
begins. A token is not shown because the text was too unsure, because a rule cut it, or because it
gave back text that stood before the cursor (healing).

    python -m bench.decoded [GGUF]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.program import Program, Result, program
from bench.sources import Package, package

from sidelong.engine import Answer, Cancel, Completer, Request, load_model
from sidelong.settings import Settings

SUGGESTIONS = 300


@dataclass
class Tally:
    """Tokens over all suggestions."""

    decoded: int = 0
    shown: int = 0
    asked: int = 0
    """Requests."""
    with_text: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    """Tokens decoded and not shown, by cause."""

    def add(self, answer: Answer, shown: int) -> None:
        """Count an answer of which `shown` tokens are seen."""
        lost = max(0, answer.tokens.generated - shown)
        self.asked += 1
        self.decoded += answer.tokens.generated
        self.shown += min(shown, answer.tokens.generated)
        self.with_text += bool(answer.text)
        if lost:
            self.lost[cause(answer)] += lost


def cause(answer: Answer) -> str:
    """The reason for which tokens of an answer are not shown."""
    if not answer.reason:
        return "unsure_further_lines_or_healed"
    name = answer.reason.partition(" (")[0]
    return ("cut_" if answer.text else "emptied_") + name.replace(", ", "+").replace("-", "_")


def places(code: Package, n: int) -> Iterator[Request]:
    """Cursors in real code, spread evenly over the lines of the package."""
    lines = [
        (path, number)
        for path in sorted(code.files)
        for number, line in enumerate(code.files[path].split("\n"))
        if len(line.strip()) >= 12
    ]
    step = max(1, len(lines) // n)
    for i, (path, number) in enumerate(lines[::step][:n]):
        above = code.files[path].split("\n")
        line, below = above[number], above[number + 1 :]
        begin = len(line) - len(line.lstrip())
        typed = line[: begin if i % 2 else begin + (len(line) - begin) // 2]
        before = "\n".join([*above[:number], typed])
        # Lines of the old text below would be repeated; the place is where the file ends so far.
        yield Request(path, "python", before + "\n" + "\n".join(below), len(before), Settings())


def measure(run: Program) -> Result:
    completer = Completer(load_model(run.model))
    code, tally = package(), Tally()
    snapshot = code.snapshot()
    for request in places(code, run.times(SUGGESTIONS, 12)):
        answer = completer.complete(request, snapshot=snapshot, cancel=Cancel())
        tally.add(answer, len(completer.model.tokenize(answer.text)))
    completer.close()
    counts = {
        "decoded": tally.decoded,
        "shown": tally.shown,
        "requests": tally.asked,
        "with_text": tally.with_text,
    }
    lost = {f"lost_{name}": n for name, n in tally.lost.most_common()}
    value = tally.decoded / max(1, tally.shown)
    return Result("decoded_over_shown", value, "x", "tokens shown", {**counts, **lost})


def main(arguments: Sequence[str] | None = None) -> None:
    run = program("bench.decoded", __doc__, arguments)
    run.leave(measure(run))


if __name__ == "__main__":
    main()
