"""Download a GGUF file from the Hugging Face Hub, once you have seen its size and licence.

An interrupted download goes on where it stopped when you run it again, and the file is compared
with the Hub's checksum.
Set HF_TOKEN to an access token of yours for repositories that want one; HF_ENDPOINT names a mirror.
"""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from rich.filesize import decimal

from sidelong import paths
from sidelong.cli.bars import Patience, Transfer
from sidelong.cli.checks.machine import available_bytes
from sidelong.cli.config import load_config
from sidelong.cli.models.checking import check
from sidelong.cli.question import can_ask, confirmed
from sidelong.errors import ModelError
from sidelong.models import hub, store
from sidelong.models.hub import HubError, Remote
from sidelong.models.known import memory_for
from sidelong.models.store import Facts

_SOURCE = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?::(?P<file>.+))?")


@dataclass(frozen=True)
class Source:
    """A repository of the Hub, and a file of it if one was named."""

    repo: str
    file: str | None


def source(text: str) -> Source:
    """Read `REPO[:FILE]`."""
    match = _SOURCE.fullmatch(text)
    if match is None:
        raise ArgumentTypeError(f"{text!r} is not of the form OWNER/REPOSITORY[:FILE]")
    return Source(match["repo"], match["file"])


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong model pull`."""
    parser.add_argument("source", type=source, metavar="REPO[:FILE]")
    parser.add_argument("--name", help="what to call it (default: as the file)")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: Namespace) -> int:
    """Show the file, ask, download, compare the checksum, check; in that order."""
    with Patience("Asking for the files"):
        remote, sha256 = _choose(hub.ggufs(args.source.repo), args.source)
    folder = paths.models_dir()
    stem = PurePosixPath(remote.file).stem
    name = args.name or stem
    if any(_is(model, name, sha256) for model in store.installed(folder)):
        print(f"{name} is here already. `sidelong model use {name}` completes with it.")
        return 0
    store.check_whole(stem)
    store.check_name(folder, name)
    part = store.partial(folder, stem, sha256)
    had = part.stat().st_size if part.exists() else 0
    store.need_room(folder, remote.size_bytes - had)
    _show(remote, name, had)
    if not args.yes:
        if not can_ask():
            raise HubError("Nobody is here to say yes. Run it again with --yes to download.")
        if not confirmed("Download it?"):
            print("Nothing was downloaded.")
            return 0
    path = _fetch(remote, part, sha256, store.file_of(folder, name))
    return _check(path, name, _facts(remote, sha256))


def _is(model: store.Installed, name: str, sha256: str) -> bool:
    return model.name == name and model.facts is not None and model.facts.sha256 == sha256


def _choose(files: list[Remote], wanted: Source) -> tuple[Remote, str]:
    """The file that was named, or the only one, with its checksum."""
    if not files:
        raise HubError(f"{wanted.repo} has no GGUF file. Take a repository that has one.")
    if wanted.file is None and len(files) > 1:
        for file in files:
            print(f"  {file.source}  {decimal(file.size_bytes)}")
        raise HubError(
            f"{wanted.repo} has {len(files)} GGUF files. Name the one you want, as above."
        )
    remote = next((each for each in files if wanted.file in (None, each.file)), None)
    if remote is None:
        names = ", ".join(each.file for each in files)
        raise HubError(f"{wanted.repo} has no file {wanted.file}, only {names}. Name one of them.")
    if remote.sha256 is None:
        raise HubError(
            f"The Hub keeps no checksum for {remote.source}. Download it yourself and bring it in "
            "with `sidelong model add FILE`."
        )
    return remote, remote.sha256


def _show(remote: Remote, name: str, had: int) -> None:
    print(f"{remote.source}, see {remote.page}")
    rest = f", {decimal(had)} of them here already" if had else ""
    print(f"  size     {decimal(remote.size_bytes)}{rest}")
    print(f"  licence  {remote.licence or 'not stated'}")
    print(f"  becomes  {name} in {paths.models_dir()}")
    if memory_for(remote.size_bytes) > available_bytes():
        print(
            f"  memory   about {decimal(memory_for(remote.size_bytes))} to run, "
            f"{decimal(available_bytes())} free now"
        )


def _fetch(remote: Remote, part: Path, sha256: str, to: Path) -> Path:
    try:
        with Transfer("Downloading", total=remote.size_bytes) as bar:
            hub.download(remote, part, bar.advance)
    except KeyboardInterrupt:
        print(
            f"sidelong: interrupted; {decimal(part.stat().st_size)} are kept, and pulling it again "
            "goes on from there.",
            file=sys.stderr,
        )
        raise
    with Transfer("Comparing the checksum", total=remote.size_bytes) as bar:
        actual = store.sha256(part, bar.advance)
    if actual != sha256:
        part.unlink()
        raise HubError(
            f"What came for {remote.source} has SHA-256 {actual} and not {sha256}, so it was "
            "deleted. Run it again; if that happens again, the repository or the way to it is "
            "broken."
        )
    return part.replace(to)


def _facts(remote: Remote, sha256: str) -> Facts:
    return Facts(
        size_bytes=remote.size_bytes,
        sha256=sha256,
        source=remote.source,
        revision=remote.revision,
        licence=remote.licence,
    )


def _check(path: Path, name: str, facts: Facts) -> int:
    """Check that it can serve; a model that cannot is kept, since it was asked for by name."""
    # Written first, since llama.cpp may end the process over a damaged file.
    store.write_facts(path, facts)
    user = replace(load_config(Path.cwd()).user, policy=None)
    try:
        facts = check(path, user, facts)
    except ModelError as error:
        store.write_facts(path, replace(facts, problem=str(error)))
        raise HubError(
            f"{name} is downloaded but cannot be used: {error} "
            f"`sidelong model remove {name}` deletes it."
        ) from None
    store.write_facts(path, facts)
    print(f"Downloaded {name}. `sidelong model use {name}` completes with it.")
    return 0
