"""Say what changes when you switch from one model to another, on your own code.

Both complete the same blanks of DIR.
OLD and NEW are GGUF files, names of your models, or `default` for the one that is shipped.
A blank that only the old one gets right is a negative flip: what you would miss.
--policy names a model that decides for both whether to retrieve; the report shows its worth.
Nothing leaves the machine, and nothing in the workspace changes.
Ctrl-C ends it early with a report on the blanks that both have completed.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from sidelong.cli.bars import Patience
from sidelong.cli.blanks import add_blank_options
from sidelong.cli.compare import report
from sidelong.cli.compare.contest import compare_models
from sidelong.cli.compare.findings import compare
from sidelong.cli.config import load_config
from sidelong.cli.interruption import INTERRUPTED
from sidelong.cli.parser import add_engine_options, model_file
from sidelong.cli.reporting import add_report_option, check_report
from sidelong.cli.terminal import warn
from sidelong.cli.workspace import existing_folder
from sidelong.errors import ModelMissing
from sidelong.models import store
from sidelong.settings import Settings


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong compare`."""
    parser.add_argument("old", type=model_file, metavar="OLD", help="the model in use")
    parser.add_argument("new", type=model_file, metavar="NEW", help="the one to switch to")
    add_blank_options(parser, n=100)
    add_engine_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, every blank included")
    add_report_option(parser, "charts and flips")


def run(args: Namespace) -> int:
    """Print the comparison; 130 if it is a partial one."""
    root = existing_folder(args.folder, "compare on")
    check_report(args.report)
    _check_models(args.old, args.new)
    config = load_config(root, policy=args.policy, threads=args.threads)
    warn(*config.problems, *_same(args.old, args.new), *_unused(config.settings))
    compared = compare_models(args, config)
    with Patience("Counting"):
        comparison = compare(compared.old, compared.new)
    report.write(compared, comparison, args)
    return INTERRUPTED if compared.partial else 0


def _check_models(old: Path, new: Path) -> None:
    for path in (old, new):
        if not path.is_file():
            raise ModelMissing(
                f"There is no model file at {path}. Give two GGUF files or names of your models, "
                f"or `{store.DEFAULT}` or `{store.NANO}` for those that are shipped."
            )


def _same(old: Path, new: Path) -> list[str]:
    if not old.samefile(new):
        return []
    return [f"Old and new are the same file, {old}: differences come from the machine."]


def _unused(settings: Settings) -> list[str]:
    if settings.retrieval == "auto" and settings.rule == "threshold":
        return []
    return [
        "The settings for this folder do not decide by a threshold; kinds and flips are of that "
        "all the same. The rows never and always are of those modes."
    ]
