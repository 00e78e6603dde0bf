"""Results on standard output, in tables that are never cut off to fit, and warnings on stderr."""

from __future__ import annotations

import sys

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

_WIDE = 10_000


def warn(*messages: str) -> None:
    """Print each message on a line of stderr."""
    for message in messages:
        print(f"sidelong: {message}", file=sys.stderr)


class Terminal(Console):
    """Standard output, whose lines are left for the terminal to wrap."""

    def __init__(self, *, markup: bool = True) -> None:
        super().__init__(highlight=False, soft_wrap=True, markup=markup)

    def on_broken_pipe(self) -> None:
        """Leave it to the command's end, as for what is printed without rich."""
        raise BrokenPipeError


class Figures(Table):
    """A table as wide as its figures, however narrow the terminal: half a number is a wrong one."""

    def __init__(self) -> None:
        super().__init__(box=None, padding=(0, 2, 0, 0), header_style="bold")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lines that a narrow terminal wraps."""
        needed = console.measure(self, options=options.update_width(_WIDE)).maximum
        yield from super().__rich_console__(
            console, options.update_width(max(needed, options.max_width))
        )
