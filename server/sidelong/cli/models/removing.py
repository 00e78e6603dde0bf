"""Delete one of your models, or a download that was not finished."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from rich.filesize import decimal

from sidelong import paths
from sidelong.cli.config import load_config
from sidelong.cli.models.using import role
from sidelong.cli.question import can_ask, confirmed
from sidelong.models import store
from sidelong.models.store import Installed, StoreError

_REMEDY = {
    "model": "`sidelong model use auto` goes back to a model that is shipped.",
    "policy": "Take `model.policy` out of your config file first.",
}


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong model remove`."""
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: Namespace) -> int:
    """Ask, then delete."""
    folder = paths.models_dir()
    unfinished = [part for part in store.partials(folder) if part.name == args.name]
    if unfinished and not store.file_of(folder, args.name).exists():
        size_bytes = sum(part.size_bytes for part in unfinished)
        if _agreed(f"the unfinished download of {args.name}", size_bytes, yes=args.yes):
            for part in unfinished:
                part.path.unlink()
        return 0
    model = store.dangling(folder, args.name) or store.find(folder, args.name)
    _check_unused(model)
    if _agreed(model.name, model.size_bytes, yes=args.yes):
        store.remove(model)
    return 0


def _check_unused(model: Installed) -> None:
    use = role(model.path, load_config(Path.cwd()).user)
    if use is not None:
        raise StoreError(f"{model.name} is in use as the {use}. {_REMEDY[use]}")


def _agreed(what: str, size_bytes: int, *, yes: bool) -> bool:
    if not yes and not can_ask():
        raise StoreError(f"Nobody is here to say yes. Run it again with --yes to delete {what}.")
    agreed = yes or confirmed(f"Delete {what}, {decimal(size_bytes)}?")
    print(f"Deleted {what}." if agreed else "Nothing was deleted.")
    return agreed
