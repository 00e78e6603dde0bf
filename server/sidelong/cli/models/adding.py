"""Bring in a GGUF file: it is checked, and copied among your models.

A file that cannot serve is not copied.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

from sidelong import paths
from sidelong.cli.bars import Transfer
from sidelong.cli.config import load_config
from sidelong.cli.models.checking import check
from sidelong.models import store
from sidelong.models.store import Facts, StoreError


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong model add`."""
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--name", help="what to call it (default: as the file)")


def run(args: Namespace) -> int:
    """Check the model, and copy it if it can serve."""
    file: Path = args.file
    folder = paths.models_dir()
    name = args.name or file.stem
    if not file.is_file():
        raise StoreError(f"There is no model file at {file}. Give the path of a GGUF file.")
    store.check_whole(file.stem)
    store.check_name(folder, name)
    user = replace(load_config(Path.cwd()).user, policy=None)
    facts = check(file, user, Facts(size_bytes=0, source=str(file.resolve())))
    facts = replace(facts, size_bytes=file.stat().st_size)
    store.need_room(folder, facts.size_bytes)
    to = store.file_of(folder, name)
    with Transfer(f"Copying {name}", total=facts.size_bytes) as bar:
        sha256 = store.copy(file, to, bar.advance)
    store.write_facts(to, replace(facts, sha256=sha256))
    print(f"Added {name}. `sidelong model use {name}` completes with it.")
    return 0
