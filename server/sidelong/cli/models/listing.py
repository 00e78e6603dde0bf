"""Show your models, and some of other makers that can be downloaded.

One of these is recommended, by the free memory and by the speed that `sidelong doctor` measured.

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

from sidelong import engine, paths, shipped
from sidelong.cli.checks.machine import available_bytes, total_bytes
from sidelong.cli.config import load_config
from sidelong.cli.models.feel import Feel, Measured, feel, recommended
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
    for model in models:
        if (wait_ms := _keystroke_ms(model, user)) is not None:
            console.print(
                f"{model.name}, as measured here: {_time(wait_ms)} to the first ghost text while "
                "you type"
            )
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
        f"{decimal(available_bytes())} are free. We have run Qwen2.5-Coder's 0.5B and 1.5B "
        "alone; licences and sizes are their publishers'; memory and times are estimates, the "
        "times from the measured speed of the default model, or of yours that were loaded here."
    )
    feels = _feels(user)
    best = _best(feels)
    for known in KNOWN:
        console.print(_known(known, feels.get(known.source), best=known == best))
    console.print(_advice(feels, best))
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


def _feels(user: UserSettings) -> dict[str, Feel]:
    """The feel of the known models by their sources; nothing where no speed was measured."""
    speed, default = shipped.kept_speed(user), paths.default_model()
    if speed is None or not default.is_file():
        return {}
    measured = Measured(shipped.PARAMETERS, default.stat().st_size, speed)
    others = list(_measured(user))
    return {model.source: feel(model, measured, others) for model in KNOWN}


def _keystroke_ms(model: Installed, user: UserSettings) -> float | None:
    """The wait from a key to the first ghost text; None where it was not measured."""
    known = engine.kept_speed(model.path, user)
    return None if known is None else known.speed.keystroke_ms


def _measured(user: UserSettings) -> Iterator[Measured]:
    """Those of the user's own models that were loaded here, and measured then."""
    for model in store.installed(paths.models_dir()):
        known = engine.kept_speed(model.path, user)
        if known is not None and model.facts is not None and model.facts.parameters:
            yield Measured(model.facts.parameters, model.size_bytes, known.speed)


def _best(feels: dict[str, Feel]) -> Known | None:
    return recommended(KNOWN, feels, available_bytes()) if feels else None


def _advice(feels: dict[str, Feel], best: Known | None) -> str:
    if not feels:
        return "Which of them suits this machine is not known: `sidelong doctor` measures it."
    if best is None:
        return (
            "None of them is quick enough here, fits, and wrote better than `default`: the shipped "
            "ones suit better."
        )
    return f"Recommended here is the largest that is quick enough and fits: {best.source}"


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


def _known(model: Known, feels: Feel | None, *, best: bool) -> str:
    memory = f"needs {decimal(model.memory_bytes)}, {_FITS[_fits(model)]}"
    licence = ", ".join(part for part in (model.licence, model.note) if part)
    lines = [f"  {model.source}", f"    {decimal(model.size_bytes)}, {memory}; {licence}"]
    if feels is not None:
        lines.append(
            f"    about {_time(feels.keystroke_ms)} to the first ghost text while you type, "
            f"{_time(feels.cold_ms)} in a file that was not read"
            f"{'; recommended here' if best else ''}"
        )
    return "\n".join(lines)


def _time(ms: float) -> str:
    """Two digits of what is only an estimate."""
    if ms < 995:
        return f"{float(f'{ms:.2g}'):.0f} ms"
    return f"{float(f'{ms / 1000:.2g}'):g} s"


def _record(folder: Path, models: list[Installed], user: UserSettings) -> dict[str, Any]:
    feels, measured = _feels(user), shipped.kept_speed(user)
    best = _best(feels)
    return {
        "folder": str(folder),
        "speed": None if measured is None else asdict(measured),
        "memory": {"total_bytes": total_bytes(), "available_bytes": available_bytes()},
        "models": [
            {
                "name": model.name,
                "path": str(model.path),
                "in_use_as": role(model.path, user),
                "keystroke_ms": _keystroke_ms(model, user),
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
                "feels": asdict(feels[model.source]) if feels else None,
                "recommended": model == best,
            }
            for model in KNOWN
        ],
    }
