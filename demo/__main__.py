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
from demo.client import Editor, running
from demo.places import PACKAGE, Place, choose_places, default_repository
from demo.show import Shown
from sidelong import paths

TYPED = 24
"""Characters typed at the last place."""

PICTURE_COLUMNS = 88


def main() -> int:
    """Run the demo; 1 if there is nothing to complete or the server failed."""
    args = _parser().parse_args()
    console = Console(highlight=False)
    if args.picture:
        console = Console(highlight=False, width=PICTURE_COLUMNS, record=True, force_terminal=True)
    root = (args.repo or default_repository()).resolve()
    places = choose_places(root, n=args.places, seed=args.seed)
    if not places:
        console.print(f"[red]There is no code in {root} that the demo could take a piece from.")
        return 1
    console.print(
        f"[bold]sidelong[/] completes [bold]{root.name}[/] through its language server.\n"
        f"[dim]{_short(root)}\n{_about(args)}[/]\n"
    )
    try:
        asyncio.run(_run(root, places, args, console))
    except RuntimeError as error:
        console.print(f"[red]{error}")
        return 1
    except KeyboardInterrupt:
        return 130
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
    """The path as people write it."""
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def _about(args: Namespace) -> str:
    whose = "your code" if args.repo else f"a copy of the installed package {PACKAGE}"
    return (
        f"That is {whose}. {args.places} places are drawn with seed {args.seed}; at each, a piece "
        "of a line is taken out and asked for, with the rest of the file open and unsaved."
    )


async def _run(root: Path, places: list[Place], args: Namespace, console: Console) -> None:
    log_file = paths.cache_dir() / "demo" / "server.log"
    settings = {"retrieval": {"mode": args.retrieve}}
    started = time.perf_counter()
    status = Console(stderr=True).status("Starting the language server")
    status.start()
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
                await _complete(editor, root, place, number, len(places), console)
                for number, place in enumerate(places, 1)
            ]
            await _type_on(editor, root, places[-1], console)
    finally:
        status.stop()
    show.summary(shown, console)
    console.print(f"[dim]A line of log for each request: {_short(log_file)}[/]")


def _show_progress(status: Status, what: str, percentage: int | None) -> None:
    status.update(what if percentage is None else f"{what} ({percentage} %)")


async def _complete(
    editor: Editor, root: Path, place: Place, number: int, of: int, console: Console
) -> Shown:
    editor.open(root / place.path, place.text, place.language)
    shown = Shown(place, await editor.complete(place.cursor, by_hand=True))
    editor.close()
    console.print(show.panel(shown, number=number, of=of))
    return shown


async def _type_on(editor: Editor, root: Path, place: Place, console: Console) -> None:
    """Type what really stood there, character by character, asking after each."""
    editor.open(root / place.path, place.text, place.language)
    cursor, evaluated, prompt = place.cursor, [], 0
    await editor.complete(cursor)
    text = place.target.strip("\n")[:TYPED]
    for character in text:
        cursor = editor.type(character, cursor)
        tokens = (await editor.complete(cursor)).tokens
        evaluated.append(tokens.get("evaluated", 0))
        prompt = tokens.get("prompt", prompt)
    editor.close()
    console.print(show.typing(evaluated, text=text, prompt=prompt))


if __name__ == "__main__":
    sys.exit(main())
