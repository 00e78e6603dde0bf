"""The demo's program: a repository, the real server over stdio, and completions shown.

`python -m demo` in the checkout, with the Python of .venv; `--repo` for code of your own.
"""

from __future__ import annotations

import asyncio
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from rich.console import Console
from rich.status import Status

from demo import show
from demo.cases import PACKAGE, choose_cases, cursor, default_repository
from demo.client import Editor, running
from demo.show import Shown
from sidelong import paths, shipped
from sidelong.cli.interruption import INTERRUPTED
from sidelong.errors import SidelongError
from sidelong.evaluation.cases import Case
from sidelong.settings import UserSettings

TYPED = 24
"""Characters typed at the last of the places."""

PICTURE_COLUMNS = 88


def main() -> int:
    """Run the demo; 1 if there is nothing to complete or the server failed."""
    args = _parser().parse_args()
    console = Console(highlight=False)
    if args.picture:
        console = Console(highlight=False, width=PICTURE_COLUMNS, record=True, force_terminal=True)
    root = (args.repo or default_repository()).resolve()
    cases = choose_cases(root, n=args.places, seed=args.seed)
    if not cases:
        console.print(f"[red]There is no code in {root} that the demo could take a piece from.")
        return 1
    console.print(
        f"[bold]sidelong[/] completes [bold]{root.name}[/] through its language server.\n"
        f"[dim]{_short(root)}\n{_about(args)}[/]\n"
    )
    try:
        asyncio.run(_run(root, cases, args, console))
    except (RuntimeError, SidelongError) as error:
        console.print(f"[red]{error}")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    if args.picture:
        args.picture.write_text(show.picture(console), encoding="utf-8")
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--repo", type=Path, metavar="DIR", help="code of your own")
    parser.add_argument("--places", type=int, default=8, metavar="N", help="default: 8")
    parser.add_argument("--seed", type=int, default=4, help="draws the places; default: 4")
    parser.add_argument("--retrieve", choices=("auto", "always", "never"), default="auto")
    parser.add_argument("--picture", type=Path, metavar="SVG", help="also draw the output here")
    return parser


def _short(path: Path) -> str:
    """The path with `~` for the home folder."""
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def _about(args: Namespace) -> str:
    whose = "your code" if args.repo else f"a copy of the installed package {PACKAGE}"
    return (
        f"That is {whose}. {args.places} places are drawn with seed {args.seed}; at each, a piece "
        "of a line is taken out and asked for, with the rest of the file open and unsaved."
    )


async def _run(root: Path, cases: list[Case], args: Namespace, console: Console) -> None:
    log_file = paths.cache_dir() / "demo" / "server.log"
    settings = {"retrieval": {"mode": args.retrieve}}
    started = time.perf_counter()
    status = Console(stderr=True).status("Measuring the speed of this machine, once")
    status.start()
    if shipped.kept_speed() is None:  # so that the first place is completed by the right model
        shipped.measure(UserSettings())
    status.update("Starting the language server")
    serving = running(
        {root: settings},
        log_file=log_file,
        on_progress=lambda what, percentage: _show_progress(status, what, percentage),
    )
    try:
        async with serving as editor:
            status.stop()
            console.print(
                f"Started, model loaded, [bold]{root.name}[/] indexed in "
                f"{time.perf_counter() - started:.1f} s.\n"
            )
            shown = [
                await _complete(editor, root, case, number, len(cases), console)
                for number, case in enumerate(cases, 1)
            ]
            await _type_on(editor, root, cases[-1], console)
    finally:
        status.stop()
    show.summary(shown, console)
    console.print(f"[dim]A line of log for each request: {_short(log_file)}[/]")


def _show_progress(status: Status, what: str, percentage: int | None) -> None:
    status.update(what if percentage is None else f"{what} ({percentage} %)")


async def _complete(
    editor: Editor, root: Path, case: Case, number: int, of: int, console: Console
) -> Shown:
    editor.open(root / case.file.path, case.text, case.file.language)
    shown = Shown(case, await editor.complete(cursor(case), by_hand=True))
    editor.close()
    console.print(show.panel(shown, number=number, of=of))
    return shown


async def _type_on(editor: Editor, root: Path, case: Case, console: Console) -> None:
    """Type the target character by character, and ask after each."""
    editor.open(root / case.file.path, case.text, case.file.language)
    at, evaluated, prompt = cursor(case), [], 0
    await editor.complete(at)
    text = case.target.strip("\n")[:TYPED]
    for character in text:
        at = editor.type(character, at)
        tokens = (await editor.complete(at)).tokens
        evaluated.append(tokens.get("evaluated", 0))
        prompt = tokens.get("prompt", prompt)
    editor.close()
    console.print(show.typing(evaluated, text=text, prompt=prompt))


if __name__ == "__main__":
    sys.exit(main())
