"""Complete at one position of a file, through the same steps as in an editor, and say how.

FILE:LINE:COL is where the cursor stands, before that character; both count from 1.
The workspace is the nearest folder upwards with .git, pyproject.toml or the like.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, Namespace
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from sidelong.cli import answer as answers
from sidelong.cli.completing import ask, loaded
from sidelong.cli.config import load_config
from sidelong.cli.parser import add_model_options, probability
from sidelong.cli.position import FilePosition, parse_position
from sidelong.cli.terminal import Terminal, warn
from sidelong.cli.workspace import find_root, indexed
from sidelong.engine import Answer, Request
from sidelong.files import read_text
from sidelong.language import language_id
from sidelong.learnt import load_correction
from sidelong.settings import Settings, UserSettings


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong complete`."""
    parser.add_argument("position", type=parse_position, metavar="FILE:LINE:COL", help="the cursor")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--retrieve",
        choices=("auto", "always", "never"),
        help="look at the rest of the workspace when the model asks for it (auto), or not",
    )
    parser.add_argument(
        "--threshold",
        type=probability,
        metavar="X",
        help="from what probability, 0 to 1, the model's wish to look counts",
    )
    add_model_options(parser)
    parser.add_argument("--root", type=Path, metavar="DIR", help="the workspace folder")


def run(args: Namespace) -> int:
    """Print the completion; 0 also if there is nothing to suggest."""
    position: FilePosition = args.position
    text = read_text(position.file)
    offset = position.offset(text)
    root = args.root or find_root(position.file)
    folder = (root or position.file.parent).resolve()
    config = load_config(folder, model=args.model, policy=args.policy, threads=args.threads)
    warn(*config.problems)
    if root is None:
        warn(f"{folder} is too wide to be indexed. Name a folder with --root to look into it.")
    request = Request(
        path=relative_path(position.file, folder),
        language=language_id(position.file),
        text=text,
        offset=offset,
        settings=_settings(config.settings, args),
        id="cli",
        project=folder.name,
        correction=load_correction(folder),
    )
    answer = _complete(request, root=root and folder, user=config.user)
    if args.json:
        print(json.dumps(answers.to_json(answer)))
    else:
        Terminal().print(answers.render(answer, request))
    return 0


def _settings(settings: Settings, args: Namespace) -> Settings:
    """The settings with the command line on top."""
    given = {"retrieval": args.retrieve, "threshold": args.threshold}
    wanted = {name: value for name, value in given.items() if value is not None}
    # A request by hand shows the best text, however improbable.
    return replace(settings, min_probability=0.0, **wanted)


def relative_path(file: Path, root: Path) -> str:
    """The file's path as the index has it; the bare name for a file outside of `root`."""
    absolute = file.resolve()
    if not absolute.is_relative_to(root):
        return absolute.name
    return absolute.relative_to(root).as_posix()


def _complete(request: Request, *, root: Path | None, user: UserSettings) -> Answer:
    """Load, index if there is a root to look into, and ask."""
    if request.settings.retrieval == "never":
        root = None
    started = time.perf_counter()
    with loaded(user, remote=True) as completer:
        loaded_at = time.perf_counter()
        indexing = indexed(root, exclude=request.settings.exclude) if root else nullcontext()
        with indexing as index:
            indexed_at = time.perf_counter()
            answer = ask(completer, request, index.snapshot if index else None)
    spent = {"load": loaded_at - started, "index": indexed_at - loaded_at}
    return replace(answer, ms={**{name: s * 1000 for name, s in spent.items()}, **answer.ms})
