"""Check the installation by using it, and say what to do about each problem.

Exits with 1 if something is broken; notes are about what could be better.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from sidelong import __version__
from sidelong.cli.checks.finding import Finding, State
from sidelong.cli.checks.llama import check_build
from sidelong.cli.checks.machine import check_memory, check_processors, check_python
from sidelong.cli.checks.model import (
    broken_llama,
    check_model,
    llama_runs,
    model_path,
    try_model,
)
from sidelong.cli.checks.places import check_cache, check_config, check_workspace
from sidelong.cli.checks.remote import check_remote
from sidelong.cli.checks.speed import check_speed, check_window
from sidelong.cli.config import Config, load_config
from sidelong.cli.parser import add_model_options
from sidelong.cli.terminal import Terminal
from sidelong.errors import ModelError

STYLES: dict[State, str] = {"ok": "green", "note": "yellow", "broken": "bold red"}


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong doctor`."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--measure", action="store_true", help="measure the speed again, as on an idle machine"
    )
    add_model_options(parser)


def run(args: Namespace) -> int:
    """Print every finding; 1 if one of them is broken."""
    config = load_config(Path.cwd(), model=args.model, policy=args.policy, threads=args.threads)
    with Console(stderr=True).status("Checking…"):
        findings = list(_findings(config, again=args.measure))
    ok = all(finding.state != "broken" for finding in findings)
    if args.json:
        checks = [asdict(finding) for finding in findings]
        print(json.dumps({"ok": ok, "version": __version__, "checks": checks}, indent=2))
    else:
        _print(findings)
    return 0 if ok else 1


def _findings(config: Config, *, again: bool) -> Iterator[Finding]:
    """Every check in turn; one that fails in a way of its own costs that check only.

    The speed is measured `again`, or as far as it is not known.
    """
    user = config.user
    yield from _guarded("python", check_python)
    yield from _guarded("processors", lambda: check_processors(user.threads))
    yield from _guarded("memory", lambda: check_memory(model_path(user)))
    yield from _guarded("self-test", lambda: list(_model_findings(config, again)))
    if user.remote is not None:
        yield from _guarded("remote", lambda: check_remote(user, config.settings))
    yield from _guarded("cache folder", check_cache)
    yield from _guarded("config file", lambda: check_config(config.problems))
    exclude = config.settings.exclude
    yield from _guarded("workspace", lambda: check_workspace(Path.cwd(), exclude))


def _model_findings(config: Config, again: bool) -> Iterator[Finding]:
    user = config.user
    tried = try_model(user)
    if not llama_runs(tried, user):  # It must not be loaded in this process.
        yield broken_llama(tried)
        return
    yield from _guarded("llama.cpp", check_build)
    yield from _guarded("model", lambda: check_model(user, tried))
    if user.model is None:
        yield from _guarded("speed", lambda: check_speed(user, again=again))
    if not isinstance(tried, ModelError):
        yield from _guarded("window", lambda: check_window(user, config.settings, again=again))


def _guarded(name: str, check: Callable[[], Finding | list[Finding]]) -> Iterator[Finding]:
    try:
        findings = check()
    except Exception as error:  # noqa: BLE001 - the other checks must go on
        yield Finding(
            name,
            "broken",
            f"cannot be checked: {type(error).__name__}: {error}",
            "This is a fault of sidelong: please report it with this line.",
        )
        return
    yield from findings if isinstance(findings, list) else [findings]


def _print(findings: list[Finding]) -> None:
    table = Table.grid("", "", Column(overflow="fold"), padding=(0, 2))
    for finding in findings:
        table.add_row(Text(finding.state, style=STYLES[finding.state]), finding.name, finding.fact)
        if finding.remedy:
            table.add_row("", "", Text(f"→ {finding.remedy}", style=STYLES[finding.state]))
    Terminal(markup=False).print(table)
