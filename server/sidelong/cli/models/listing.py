"""Show your models, and some of other makers that can be downloaded.

Nothing is asked of the network.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.filesize import decimal
from rich.table import Table

from sidelong import paths
from sidelong.cli.checks.machine import available_bytes, total_bytes
from sidelong.cli.config import load_config
from sidelong.cli.models.using import role
from sidelong.cli.terminal import Terminal
from sidelong.models import store
from sidelong.models.known import KNOWN, Known
from sidelong.models.store import Facts, Installed
from sidelong.settings import UserSettings

_FITS: Final = {"yes": "fits", "tight": "fits with other programs closed", "no": "does not fit"}


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong model list`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: Namespace) -> int:
    """Print both lists; nothing is asked of the network."""
    folder = paths.models_dir()
    user = load_config(Path.cwd()).user
    models = [*_shipped(), *store.installed(folder)]
    if args.json:
        print(json.dumps(_record(folder, models, user), indent=2))
        return 0
    console = Terminal(markup=False)
    console.print(_installed_table(models, user))
    for part in store.partials(folder):
        console.print(
            f"{part.name} is not downloaded to its end: {decimal(part.size_bytes)} are here. Pull "
            f"it again to go on, or `sidelong model remove {part.name}`."
        )
    if user.model is not None and not any(role(model.path, user) == "model" for model in models):
        console.print(f"In use is a file of your own: {user.model}")
    console.print(f"Yours lie in {folder}.\n")
    console.print(
        f"Some that others made, for {decimal(total_bytes())} of memory of which "
        f"{decimal(available_bytes())} are free. We have run none of them; licences and sizes are "
        "their publishers', the memory is an estimate."
    )
    for known in KNOWN:
        console.print(_known(known))
    console.print("\n`sidelong model pull` and one of these names fetches it.")
    return 0


def _shipped() -> Iterator[Installed]:
    shipped = {store.DEFAULT: paths.default_model(), store.NANO: paths.nano_model()}
    for name, path in shipped.items():
        if path.is_file():
            size_bytes = path.stat().st_size
            facts = Facts(
                size_bytes, source="shipped with sidelong", licence="apache-2.0", decides=True
            )
            yield Installed(name, path, size_bytes, facts)


def _fits(model: Known) -> str:
    """The fit in memory: "yes", "no", or "tight" if other programs must be closed first."""
    if model.memory_bytes <= available_bytes():
        return "yes"
    return "tight" if model.memory_bytes <= total_bytes() else "no"


def _installed_table(models: list[Installed], user: UserSettings) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("", "name", "size", "what it is", "decides", "licence", "from"):
        table.add_column(column, no_wrap=column in ("name", "size"), overflow="fold")
    for model in models:
        facts = model.facts or Facts(model.size_bytes)
        table.add_row(
            "*" if role(model.path, user) else "",
            model.name,
            decimal(model.size_bytes),
            _what(model, facts),
            {True: "itself", False: "shipped one", None: "?"}[facts.decides],
            facts.licence or "?",
            facts.source or "?",
        )
    return table


def _what(model: Installed, facts: Facts) -> str:
    if facts.problem:
        return f"cannot be used: {facts.problem}"
    if model.path in (paths.default_model(), paths.nano_model()):
        return "sidelong's own"
    known = [facts.family, facts.description]
    if facts.parameters:
        known.append(f"{facts.parameters / 1e6:,.1f}M parameters")
    return ", ".join(fact for fact in known if fact) or "not checked yet"


def _known(model: Known) -> str:
    memory = f"needs {decimal(model.memory_bytes)}, {_FITS[_fits(model)]}"
    licence = ", ".join(part for part in (model.licence, model.note) if part)
    return f"  {model.source}\n    {decimal(model.size_bytes)}, {memory}; {licence}"


def _record(folder: Path, models: list[Installed], user: UserSettings) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "memory": {"total_bytes": total_bytes(), "available_bytes": available_bytes()},
        "models": [
            {
                "name": model.name,
                "path": str(model.path),
                "in_use_as": role(model.path, user),
                **asdict(model.facts or Facts(model.size_bytes)),
            }
            for model in models
        ],
        "unfinished": [
            {"name": part.name, "path": str(part.path), "size_bytes": part.size_bytes}
            for part in store.partials(folder)
        ],
        "known": [
            {
                **asdict(model),
                "source": model.source,
                "memory_bytes": model.memory_bytes,
                "fits": _fits(model),
            }
            for model in KNOWN
        ],
    }
