"""`sidelong model pull` against a Hub on this machine that speaks what huggingface_hub asks.

What it asks was read from huggingface_hub 2.4: one request for the repository's files, one for
the content, which the Hub answers with the address of another server.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run

REPO = "maker/coder-GGUF"
REVISION = "0123456789012345678901234567890123456789"
MIB = 1_048_576


@dataclass
class Asked:
    """One request and what went out for it."""

    path: str
    range: str | None
    agent: str
    token: str | None
    sent: int = 0


@dataclass
class Hub:
    """A repository and how badly it is served."""

    files: dict[str, bytes]
    url: str = ""
    gated: bool = False
    checksums: bool = True
    ignores_ranges: bool = False
    wrong: bytes | None = None
    """Other bytes of the same size, for the content server to send."""
    drop_after: list[int | None] = field(default_factory=list)
    """After how many bytes the connection of each next content request breaks; None: never."""
    stall_after: int | None = None
    """After how many bytes nothing more comes."""
    asked: list[Asked] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def contents(self) -> list[Asked]:
        """The requests for content."""
        return [asked for asked in self.asked if asked.path.startswith("/content/")]

    def info(self) -> bytes:
        """As `/api/models/REPO?blobs=true` says it."""
        siblings = [
            {
                "rfilename": name,
                "size": len(data),
                "blobId": "0" * 40,
                **(
                    {"lfs": {"size": len(data), "sha256": sha256(data), "pointerSize": 134}}
                    if self.checksums
                    else {}
                ),
            }
            for name, data in {"README.md": b"# Coder", **self.files}.items()
        ]
        return json.dumps(
            {
                "_id": "1",
                "id": REPO,
                "modelId": REPO,
                "sha": REVISION,
                "private": False,
                "gated": "auto" if self.gated else False,
                "downloads": 1,
                "likes": 1,
                "tags": ["gguf", "license:bsd-3-clause"],
                "cardData": {"license": "bsd-3-clause"},
                "siblings": siblings,
            }
        ).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            asked = Asked(
                self.path,
                self.headers.get("Range"),
                self.headers["User-Agent"],
                self.headers.get("Authorization"),
            )
            hub.asked.append(asked)
            resolve = f"/{REPO}/resolve/{REVISION}/"
            if path == f"/api/models/{REPO}":
                self.answer(200, hub.info(), {"Content-Type": "application/json"})
            elif path.startswith(resolve) and hub.gated and asked.token != "Bearer mine":
                self.answer(401, b"", {"X-Error-Code": "GatedRepo"})
            elif path.startswith(resolve) and path.removeprefix(resolve) in hub.files:
                self.answer(302, b"", {"Location": f"/content/{path.removeprefix(resolve)}"})
            elif path.startswith("/content/"):
                self.send_content(hub.files[path.removeprefix("/content/")], asked)
            else:
                self.answer(404, b"", {"X-Error-Code": "RepoNotFound"})

        def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def send_content(self, data: bytes, asked: Asked) -> None:
            start = re.fullmatch(r"bytes=(\d+)-", asked.range or "")
            first = int(start[1]) if start and not hub.ignores_ranges else 0
            body = (hub.wrong or data)[first:]
            self.send_response(206 if first else 200)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            end = hub.drop_after.pop(0) if hub.drop_after else None
            end = hub.stall_after if end is None else end
            self.wfile.write(body[:end])
            self.wfile.flush()
            asked.sent = len(body[:end])
            if hub.stall_after is not None:
                hub.stalled.set()
                hub.over.wait(60)
            self.close_connection = True

    return Handler


@pytest.fixture
def hub(default_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub({"coder.Q8_0.gguf": default_model.read_bytes()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(hub))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield hub
    hub.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def models() -> Path:
    return Path(os.environ["SIDELONG_MODELS_DIR"])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def part(models: Path) -> Path:
    (found,) = models.glob(".*.part")
    return found


def test_what_was_pulled_is_whole_and_knows_where_it_is_from(
    sidelong: Run, hub: Hub, models: Path
) -> None:
    result = sidelong("model", "pull", REPO, "--yes")

    data = hub.files["coder.Q8_0.gguf"]
    assert result.status == 0, result.err
    assert "4.4 MB" in result.out
    assert "bsd-3-clause" in result.out
    assert names(models) == ["coder.Q8_0.gguf", "coder.Q8_0.json"]
    assert (models / "coder.Q8_0.gguf").read_bytes() == data
    facts = json.loads((models / "coder.Q8_0.json").read_text(encoding="utf-8"))
    assert facts["source"] == f"{REPO}:coder.Q8_0.gguf"
    assert (facts["revision"], facts["sha256"]) == (REVISION, sha256(data))
    assert (facts["licence"], facts["decides"]) == ("bsd-3-clause", True)
    assert sidelong("model", "use", "coder.Q8_0").status == 0


def test_a_tokenizer_that_is_not_named_is_said(sidelong: Run, hub: Hub, nameless: Path) -> None:
    hub.files = {"coder.Q8_0.gguf": nameless.read_bytes()}
    result = sidelong("model", "pull", REPO, "--yes")
    assert result.status == 0
    assert "tokenizer.ggml.pre" in result.err
    assert "much worse" in result.err


def test_only_what_was_named_is_asked_for(sidelong: Run, hub: Hub) -> None:
    sidelong("model", "pull", REPO, "--yes")
    api, resolve, content = hub.asked
    assert api.path == f"/api/models/{REPO}?blobs=true"
    assert resolve.path == f"/{REPO}/resolve/{REVISION}/coder.Q8_0.gguf"
    assert content.sent == len(hub.files["coder.Q8_0.gguf"])


def test_neither_telemetry_nor_a_kept_token_is_sent(
    sidelong: Run, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("kept", encoding="utf-8")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    sidelong("model", "pull", REPO, "--yes")
    assert {asked.token for asked in hub.asked} == {None}
    for asked in hub.asked:
        assert "torch" not in asked.agent
        assert "agent" not in asked.agent


def test_nothing_comes_without_a_yes(
    sidelong: Run, hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    result = sidelong("model", "pull", REPO)
    assert result.status == 1
    assert "--yes" in result.err

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: "n")
    result = sidelong("model", "pull", REPO)
    assert result.status == 0
    assert "Nothing was downloaded." in result.out
    assert hub.contents == []
    assert names(models) == []


def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    sidelong: Run, hub: Hub, models: Path
) -> None:
    hub.drop_after = [2 * MIB + 1, None]
    result = sidelong("model", "pull", REPO, "--yes")

    assert result.status == 0, result.err
    assert [asked.range for asked in hub.contents] == [None, f"bytes={2 * MIB}-"]
    data = hub.files["coder.Q8_0.gguf"]
    assert (models / "coder.Q8_0.gguf").read_bytes() == data
    assert hub.contents[1].sent == len(data) - 2 * MIB


def test_a_line_that_stays_dead_keeps_what_came_for_the_next_time(
    sidelong: Run, hub: Hub, models: Path
) -> None:
    hub.drop_after = [3 * MIB + 1, *[0] * 20]
    result = sidelong("model", "pull", REPO, "--yes")
    assert result.status == 1
    assert "cannot be reached" in result.err
    assert result.err.count("\n") == 1
    assert part(models).stat().st_size == 3 * MIB
    assert "is not downloaded to its end: 3.1 MB" in sidelong("model", "list").out

    hub.drop_after, hub.asked = [], []
    again = sidelong("model", "pull", REPO, "--yes")
    assert again.status == 0, again.err
    assert "3.1 MB of them here already" in again.out
    (content,) = hub.contents
    assert content.range == f"bytes={3 * MIB}-"
    assert names(models) == ["coder.Q8_0.gguf", "coder.Q8_0.json"]


def test_a_server_that_knows_no_ranges_begins_again(sidelong: Run, hub: Hub, models: Path) -> None:
    hub.drop_after = [2 * MIB + 1, None]
    hub.ignores_ranges = True
    assert sidelong("model", "pull", REPO, "--yes").status == 0
    assert (models / "coder.Q8_0.gguf").read_bytes() == hub.files["coder.Q8_0.gguf"]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is POSIX's")
def test_ctrl_c_keeps_what_came(sidelong: Run, hub: Hub, models: Path) -> None:
    hub.stall_after = 2 * MIB + 1
    command = [sys.executable, "-m", "sidelong", "model", "pull", REPO, "--yes"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert hub.stalled.wait(60)
        while not list(models.glob(".*.part")) or part(models).stat().st_size < 2 * MIB:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "2.1 MB are kept" in err
    assert "Traceback" not in err
    assert part(models).stat().st_size == 2 * MIB

    assert sidelong("model", "remove", "coder.Q8_0", "--yes").status == 0
    assert names(models) == []


def test_content_that_is_another_is_not_kept(sidelong: Run, hub: Hub, models: Path) -> None:
    good = hub.files["coder.Q8_0.gguf"]
    hub.wrong = good[:-1] + bytes([good[-1] ^ 1])
    result = sidelong("model", "pull", REPO, "--yes")
    assert result.status == 1
    assert sha256(hub.wrong) in result.err
    assert sha256(good) in result.err
    assert names(models) == []


def test_a_model_that_cannot_serve_is_kept_and_said_to_be_useless(
    sidelong: Run, hub: Hub, models: Path
) -> None:
    hub.files = {"coder.gguf": b"GGUF and no more"}
    result = sidelong("model", "pull", REPO, "--yes")
    assert result.status == 1
    assert "coder is downloaded but cannot be used" in result.err
    assert "cannot be used" in sidelong("model", "list").out
    assert sidelong("model", "use", "coder").status == 1
    assert sidelong("model", "remove", "coder", "--yes").status == 0
    assert names(models) == []


def test_of_several_files_one_must_be_named(sidelong: Run, hub: Hub, models: Path) -> None:
    hub.files["big/coder.f16.gguf"] = hub.files["coder.Q8_0.gguf"]
    result = sidelong("model", "pull", REPO, "--yes")
    assert result.status == 1
    assert "has 2 GGUF files" in result.err
    assert f"{REPO}:big/coder.f16.gguf  4.4 MB" in result.out
    assert hub.contents == []

    assert "only big/coder.f16.gguf, coder.Q8" in sidelong("model", "pull", f"{REPO}:no.gguf").err
    assert sidelong("model", "pull", f"{REPO}:big/coder.f16.gguf", "--yes").status == 0
    assert names(models) == ["coder.f16.gguf", "coder.f16.json"]


def test_names_that_would_write_over_the_terminal_are_not_offered(
    sidelong: Run, hub: Hub, models: Path
) -> None:
    hub.files["\x1b[2Jnice.gguf"] = b"GGUF"
    result = sidelong("model", "pull", REPO, "--yes")
    assert result.status == 0, result.err
    assert "\x1b" not in result.out + result.err
    assert names(models) == ["coder.Q8_0.gguf", "coder.Q8_0.json"]


def test_what_is_here_is_not_fetched_again(sidelong: Run, hub: Hub) -> None:
    sidelong("model", "pull", REPO, "--yes")
    hub.asked = []
    result = sidelong("model", "pull", REPO)
    assert result.status == 0
    assert "is here already" in result.out
    assert hub.contents == []


def test_a_gated_repository_says_how_to_be_let_in(
    sidelong: Run, hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.gated = True
    result = sidelong("model", "pull", REPO, "--yes")
    assert result.status == 1
    assert f"Accept them at {hub.url}/{REPO}" in result.err
    assert "HF_TOKEN" in result.err
    assert not [name for name in names(models) if not name.startswith(".")]

    monkeypatch.setenv("HF_TOKEN", "mine")
    assert sidelong("model", "pull", REPO, "--yes").status == 0


def test_a_repository_that_is_not_there_is_named(sidelong: Run, hub: Hub) -> None:
    result = sidelong("model", "pull", "maker/nothing", "--yes")
    assert result.status == 1
    assert "shows no repository maker/nothing" in result.err


@pytest.mark.usefixtures("hub")
def test_what_names_no_repository_is_a_usage_error(sidelong: Run) -> None:
    for wrong in ("coder", "a/b/c", "maker/coder:", "https://huggingface.co/a/b"):
        result = sidelong("model", "pull", wrong)
        assert result.status == 2
        assert "is not of the form OWNER/REPOSITORY[:FILE]" in result.err


def test_a_file_without_a_checksum_is_not_fetched(sidelong: Run, hub: Hub) -> None:
    hub.checksums = False
    result = sidelong("model", "pull", REPO, "--yes")
    assert result.status == 1
    assert "keeps no checksum" in result.err
    assert hub.contents == []


def test_without_room_nothing_is_fetched(
    sidelong: Run, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage("/")._replace(free=1_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    result = sidelong("model", "pull", REPO, "--yes")
    assert result.status == 1
    assert "SIDELONG_MODELS_DIR" in result.err
    assert hub.contents == []


def test_offline_is_said_plainly(sidelong: Run, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    result = sidelong("model", "pull", REPO, "--yes")
    assert result.status == 1
    assert "127.0.0.1:9 cannot be reached" in result.err
    assert result.err.count("\n") == 1

    # huggingface_hub reads this one when it is imported.
    done = subprocess.run(
        [sys.executable, "-m", "sidelong", "model", "pull", REPO, "--yes"],
        env={**os.environ, "HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "HF_HUB_OFFLINE forbids" in done.stderr
    assert hub.asked == []
