"""Type pieces of a workspace key by key, and say what each keystroke costs.

The first characters of each blank are typed one by one, with a warm index, and every key is a
request to the model: the worst case, since typing along a suggestion costs nothing.
Latency and tokens stand side by side for the published setting (three paths from scratch, each
measured alone), for three paths that really run at once, and for the one cache of the editor.
Then keys come every --interval ms, and it says how many are answered before the next.

    python -m bench.online DIR [-n 20] [--keys 12] [--interval 150]
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from bench.online.report import Report, write
from bench.online.serving import Serving

from sidelong import paths
from sidelong.cli import exit_status
from sidelong.cli.blanks import EvaluationError, add_sampling_options, workspace_cases
from sidelong.cli.completing import loaded
from sidelong.cli.config import Config
from sidelong.cli.evaluating import add_deciding_options, collect, configured
from sidelong.cli.interruption import INTERRUPTED
from sidelong.cli.parser import Parser, positive
from sidelong.cli.reporting import add_report_option, check_report
from sidelong.cli.workspace import existing_folder, indexed
from sidelong.engine import default_threads
from sidelong.learnt import load_correction
from sidelong.settings import UserSettings

BLANKS, KEYS, INTERVAL_MS = 20, 12, 150


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; its exit status, 130 if the report is a partial one."""
    parser = Parser(prog="python -m bench.online", description=__doc__)
    configure(parser)
    return exit_status(lambda: run(parser.parse_args(arguments)))


def configure(parser: ArgumentParser) -> None:
    add_sampling_options(parser, n=BLANKS)
    add_deciding_options(parser)
    parser.add_argument(
        "--keys",
        type=positive,
        default=KEYS,
        metavar="N",
        help=f"how many characters of each blank are typed (default {KEYS})",
    )
    parser.add_argument(
        "--interval",
        type=_milliseconds,
        default=INTERVAL_MS,
        metavar="MS",
        help="milliseconds from key to key when typing in real time; 0 leaves that out "
        f"(default {INTERVAL_MS})",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_report_option(parser, "every keystroke")


def run(args: Namespace) -> int:
    existing_folder(args.folder, "type in")
    check_report(args.report)
    report = _measure(args, configured(args))
    write(report, args)
    return INTERRUPTED if report.partial else 0


def _measure(args: Namespace, config: Config) -> Report:
    root, cases = args.folder.resolve(), workspace_cases(args, config)
    user = config.user
    with (
        indexed(root, exclude=config.settings.exclude) as index,
        loaded(user) as one,
        loaded(user) as other,
        loaded(_decider(user) if one.policy else user) as decider,
    ):
        if not decider.decides:
            raise EvaluationError(
                f"{one.model.name} has no token to decide with, and there is no policy that has. "
                "Name one with --policy, or use the default model."
            )
        correction = load_correction(root)
        with closing(Serving(one, other, decider, index.snapshot, correction)) as serving:
            typed = serving.typed(
                cases, config.settings, keys=args.keys, interval_s=args.interval / 1000
            )
            return Report(
                root=root,
                model=one.model.name,
                decider=decider.model.name,
                seed=args.seed,
                threads=user.threads or default_threads(),
                interval_ms=args.interval,
                wanted=len(cases),
                typed=tuple(collect(typed, total=len(cases))),
            )


def _decider(user: UserSettings) -> UserSettings:
    return replace(
        user, model=user.policy or user.shipped or paths.default_model(), policy=None, n_ctx=None
    )


def _milliseconds(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is no whole number of milliseconds")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
