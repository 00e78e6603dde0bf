"""The blanks of a workspace that a command asks for: its options, and the blanks they choose."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from sidelong.cli.bars import Patience
from sidelong.cli.config import Config
from sidelong.cli.parser import add_model_options, positive
from sidelong.cli.source import code_files
from sidelong.errors import SidelongError
from sidelong.evaluation.blanks import Kind
from sidelong.evaluation.cases import Case
from sidelong.evaluation.sampling import KINDS, sample


class EvaluationError(SidelongError):
    """There is nothing to evaluate on, or the options do not go together."""


def add_sampling_options(parser: ArgumentParser, *, n: int) -> None:
    """The options of `add_blank_options`, and those that choose the model."""
    add_blank_options(parser, n=n)
    add_model_options(parser)


def add_blank_options(parser: ArgumentParser, *, n: int) -> None:
    """The options that choose a workspace and blanks of it, `n` of them by default."""
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR")
    parser.add_argument(
        "-n", "--blanks", type=positive, default=n, metavar="N", help=f"how many (default {n})"
    )
    parser.add_argument(
        "--kinds",
        type=_kinds,
        default=KINDS,
        metavar="K,K",
        help=f"of {', '.join(KINDS)} (default: all of them)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="other blanks (default 0)")


def workspace_cases(args: Namespace, config: Config) -> list[Case]:
    """The blanks that the arguments ask for; raises `EvaluationError` if there is none."""
    root = args.folder.resolve()
    with Patience("Reading code", unit="files") as bar:
        files = code_files(root, config.settings, on_file=bar.advance)
        cases = sample(files, n=args.blanks, seed=args.seed, kinds=args.kinds)
    if not cases:
        raise EvaluationError(
            f"{root}: no code to take blanks from in the {len(files)} source files that are "
            "tracked by git (or that lie there, without git). Give the folder of a project, or "
            "other --kinds."
        )
    return cases


def _kinds(text: str) -> tuple[Kind, ...]:
    named = {kind: kind for kind in KINDS}
    wanted = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    unknown = [word for word in wanted if word not in named]
    if unknown:
        raise ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in wanted)
