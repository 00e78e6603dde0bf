"""The Hugging Face Hub: the files of a repository; the only module that downloads.

Only `sidelong model pull` imports it, which the user has to ask for by name.
The library's own download starts over after every failure. So this module keeps the file and goes
on from its end, with the library's function for one HTTP transfer.
It sends no telemetry and no token kept on this machine, only one that the user puts into
`HF_TOKEN`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast
from urllib.parse import urlsplit

# Read by the library as it is imported.
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

import huggingface_hub.errors as errors
import huggingface_hub.utils as utils
from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.file_download import http_get
from huggingface_hub.hf_api import ModelInfo, RepoSibling

from sidelong import __version__
from sidelong.errors import SidelongError

HUB: Final = "https://huggingface.co"
_ANSWERS_WITHIN_S: Final = 15.0

# The default of 10 MiB leaves the bar still for seconds, and loses as much when the line drops.
constants.DOWNLOAD_CHUNK_SIZE = 1_048_576
# It warns of each new attempt; a failure is reported at the end.
utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]


_HTTP_ERROR: type[Exception] = errors.HTTPError  # type: ignore[attr-defined]
"""The HTTP library's error: no connection, no answer in time, or an answer cut short."""


class HubError(SidelongError):
    """The Hub cannot be reached, or does not have the repository or file."""


@dataclass(frozen=True)
class Remote:
    """One GGUF file of a repository."""

    repo: str
    file: str
    revision: str
    size_bytes: int
    sha256: str | None
    """None where the Hub keeps no checksum for it."""
    licence: str | None

    @property
    def source(self) -> str:
        """The name as the user types it."""
        return f"{self.repo}:{self.file}"

    @property
    def page(self) -> str:
        """The page to read about it."""
        return f"{endpoint()}/{self.repo}"


def endpoint() -> str:
    """The Hub, or the mirror that `HF_ENDPOINT` names."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def ggufs(repo: str) -> list[Remote]:
    """The repository's GGUF files, by name; raises `HubError`."""
    with _told(repo):
        info = HfApi(endpoint=endpoint()).model_info(
            repo, files_metadata=True, timeout=_ANSWERS_WITHIN_S, token=_token()
        )
    files = (_remote(info, sibling) for sibling in info.siblings or ())
    return sorted((file for file in files if file is not None), key=lambda file: file.file)


def download(remote: Remote, part: Path, advance: Callable[[int], None]) -> None:
    """Bring `part` to the file's full size, going on from its end; raises `HubError`.

    `advance` gets the number of bytes as they come, those from before included.
    `part` keeps its bytes whatever happens; the caller compares the checksum.
    """
    url = hf_hub_url(remote.repo, remote.file, revision=remote.revision, endpoint=endpoint())
    headers = utils.build_hf_headers(  # type: ignore[attr-defined]
        token=_token(), library_name="sidelong", library_version=__version__
    )
    headers["Accept-Encoding"] = "identity"
    with part.open("r+b" if part.exists() else "w+b") as file, _told(remote.repo):
        had = file.seek(0, os.SEEK_END)
        if had > remote.size_bytes:
            had = file.truncate(0)
            file.seek(0)
        http_get(
            url,
            cast(BinaryIO, _Counted(file, advance)),
            resume_size=had,
            headers=headers,
            expected_size=remote.size_bytes,
        )


class _Counted:
    """A file that counts the bytes written to it, with the methods that `http_get` uses."""

    def __init__(self, file: BinaryIO, advance: Callable[[int], None]) -> None:
        self._file = file
        self._advance = advance
        advance(file.tell())

    def write(self, data: bytes) -> int:
        self._advance(len(data))
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int) -> int:
        """Take back the count, for a server that ignores ranges and begins again."""
        self._advance(offset - self._file.tell())
        return self._file.seek(offset)

    def truncate(self) -> int:
        return self._file.truncate()


def _remote(info: ModelInfo, sibling: RepoSibling) -> Remote | None:
    # The name is shown before the user agrees, so it must not hold control characters.
    if not sibling.rfilename.lower().endswith(".gguf") or not sibling.rfilename.isprintable():
        return None
    return Remote(
        repo=info.id,
        file=sibling.rfilename,
        revision=info.sha or constants.DEFAULT_REVISION,
        size_bytes=sibling.size or 0,
        sha256=sibling.lfs.sha256 if sibling.lfs is not None else None,
        licence=_licence(info),
    )


def _licence(info: ModelInfo) -> str | None:
    card = info.card_data
    named = card.get("license_name") if card is not None else None
    tags = (tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:"))
    stated = next(tags, None)
    licence = str(named) if named and stated in (None, "other") else stated
    return licence if licence is not None and licence.isprintable() else None


def _token() -> str | bool:
    """The user's own token, if given; False keeps the library from looking for another."""
    return os.environ.get("HF_TOKEN") or False


@contextmanager
def _told(repo: str) -> Iterator[None]:
    """Turn the library's errors into `HubError`, in our words."""
    host = urlsplit(endpoint()).netloc
    try:
        yield
    except errors.OfflineModeIsEnabled:
        raise HubError(
            f"{repo} was not looked for: HF_HUB_OFFLINE forbids asking {host}. Unset it to "
            "download, or bring the file in with `sidelong model add FILE`."
        ) from None
    except errors.GatedRepoError:
        raise HubError(
            f"{repo} is only for who has accepted its terms. Accept them at {endpoint()}/{repo}, "
            "then set HF_TOKEN to an access token of yours and run it again."
        ) from None
    except (errors.RepositoryNotFoundError, errors.HFValidationError):
        raise HubError(
            f"{host} shows no repository {repo}. Correct its name; for a private one set HF_TOKEN "
            "to an access token of yours."
        ) from None
    except errors.HfHubHTTPError as error:
        raise HubError(
            f"{host} answered with status {error.response.status_code} for {repo}. Run it again "
            "later; what has come so far is kept."
        ) from None
    except _HTTP_ERROR as error:
        raise HubError(
            f"{host} cannot be reached: {error or type(error).__name__}. Run it again when the "
            "connection is better; what has come so far is kept."
        ) from None
    except OSError as error:
        if error.errno is not None:
            raise HubError(
                f"What comes of {repo} cannot be written: {error.strerror}. See to the disk and "
                "run it again; what has come so far is kept."
            ) from None
        raise HubError(f"{repo} did not come whole: {error}. Run it again.") from None
