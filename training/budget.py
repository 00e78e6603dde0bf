"""The option of a window that is not the model's own, of programs that complete blanks."""

from __future__ import annotations

import argparse
from dataclasses import replace

from sidelong.settings import Settings

Budget = tuple[int, int, int]
"""Tokens before the cursor, after it, and of other files."""


def add_option(parser: argparse.ArgumentParser, *, otherwise: str) -> None:
    """The option; `otherwise` says what holds without it."""
    parser.add_argument(
        "--budget",
        type=int,
        nargs=3,
        metavar=("PREFIX", "SUFFIX", "CONTEXT"),
        help=f"tokens; {otherwise}",
    )


def of(args: argparse.Namespace) -> Budget | None:
    """The budget that was asked for."""
    if args.budget is None:
        return None
    prefix, suffix, context = args.budget
    return prefix, suffix, context


def wished(settings: Settings, budget: Budget | None) -> Settings:
    """The settings with this budget in them."""
    if budget is None:
        return settings
    prefix, suffix, context = budget
    return replace(settings, prefix_tokens=prefix, suffix_tokens=suffix, context_tokens=context)
