"""Archives of named packages from the registries, by their ordinary clients, pinned by hash.

Nothing is installed: files are read out of the archives. Which of them enter is `corpus`'s.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from email.parser import HeaderParser
from pathlib import Path

from sidelong.programs import find_program

_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64")
"""Wheels of one platform, so that the hashes hold wherever the corpus is made."""


def _pip(name: str, version: str, folder: Path, *options: str) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--no-deps", *options, "--dest", str(folder), f"{name}=={version}"], check=True
    )


def _wheel(name: str, version: str, folder: Path) -> None:
    platforms = [option for p in _PLATFORMS for option in ("--platform", p)]
    python = ["--python-version", "3.11", "--implementation", "cp"]
    _pip(name, version, folder, "--only-binary=:all:", *python, *platforms)


def _sdist(name: str, version: str, folder: Path) -> None:
    """Sources and tests; pip runs the package's build backend to learn its metadata."""
    _pip(name, version, folder, "--no-binary", name)


def _npm(name: str, version: str, folder: Path) -> None:
    npm = find_program("npm")
    if npm is None:
        raise SystemExit(f"npm is needed to fetch {name} and was not found; install Node.js")
    pack = [npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder)]
    subprocess.run([*pack, f"{name}@{version}"], check=True, stdout=subprocess.DEVNULL)


class Refused(Exception):
    """An archive that is not what the manifest says."""


FETCHERS: dict[str, Callable[[str, str, Path], None]] = {
    "wheel": _wheel,
    "sdist": _sdist,
    "npm": _npm,
}
"""Where packages come from: each puts one archive into a folder."""


def fetch(source: str, name: str, version: str, sha256: str, folder: Path) -> Path:
    """The package's archive in `folder`, fetched unless it is there.

    Raises `Refused` if its SHA-256 is not the expected one ("" expects nothing), and
    `CalledProcessError` if the client could not fetch it.
    """
    target = folder / source / f"{name.replace('/', '+')}-{version}"
    if not target.exists():
        aside = target.with_name(target.name + ".part")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        FETCHERS[source](name, version, aside)
        aside.rename(target)
    (archive,) = target.iterdir()
    found = digest(archive)
    if sha256 and found != sha256:
        raise Refused(f"{archive} has the SHA-256 {found}, the manifest says {sha256}")
    return archive


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def members(archive: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Path and content of the archive's regular files whose path is wanted, in its order.

    The one folder that source archives put everything in is left off.
    """
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel:
            for entry in wheel.infolist():
                if not entry.is_dir() and wanted(entry.filename):
                    yield entry.filename, wheel.read(entry)
        return
    with tarfile.open(archive) as tar:
        for member in tar:
            path = member.name.partition("/")[2]
            if member.isfile() and wanted(path):
                content = tar.extractfile(member)
                assert content is not None
                yield path, content.read()


_COPYLEFT = re.compile(r"\b(?:[AL]?GPL|GNU|MPL|Mozilla|EPL|EUPL|CDDL|SSPL|Proprietary)")


def licence(archive: Path) -> str:
    """The SPDX expression that the package itself declares; '' if it declares none.

    Older Python packages have a free text and classifiers instead. Those are no names to compare,
    but where they speak of a licence that is not permissive, that is what comes back.
    """
    names = re.compile(r"(package\.json|PKG-INFO|[^/]+\.dist-info/METADATA)\Z")
    for path, content in members(archive, lambda p: names.match(p) is not None):
        text = content.decode(errors="replace")
        if path == "package.json":
            found = json.loads(text).get("license", "")
            return found if isinstance(found, str) else str(found.get("type", ""))
        said = HeaderParser().parsestr(text)
        named = said.get_all("Classifier", [])
        words = [word for word in named if word.startswith("License ::")]
        words.append(said.get("License", "").partition("\n")[0])
        odd = next((word for word in words if _COPYLEFT.search(word)), "")
        return str(said.get("License-Expression", odd))
    return ""
