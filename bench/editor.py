"""An editor's side of `sidelong serve`: whole texts go in, ghost text and its record come out.

The server is a process of its own with folders of its own, as a user has it.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from lsprotocol import types
from pygls.lsp.client import LanguageClient

READY_WITHIN_S = 600.0

_AHEAD = re.compile(r"(?:prefetched|read ahead), tokens (\d+) evaluated(?: (\d+) generated)?")
"""The log's lines on work that no request of the client asked for."""


@dataclass(frozen=True)
class Asked:
    """The answer to one request, and all that went through the model since the one before."""

    text: str
    read: int
    """Prompt tokens evaluated."""
    written: int
    """Tokens decoded."""
    ms: float
    """From sending the request to having the answer."""
    recalled: bool
    """True if no model was asked."""


class Editor:
    """A client of one server that is ready."""

    def __init__(self, client: LanguageClient, process: psutil.Process, log: Path) -> None:
        self.process = process
        self._client = client
        self._log = log
        self._read_log = 0
        self._versions: dict[Path, int] = {}

    def show(self, path: Path, text: str) -> None:
        """Open the document, or give it a new text."""
        uri = path.as_uri()
        version = self._versions.get(path, 0) + 1
        self._versions[path] = version
        if version == 1:
            document = types.TextDocumentItem(uri, "python", version, text)
            self._client.text_document_did_open(types.DidOpenTextDocumentParams(document))
            return
        identifier = types.VersionedTextDocumentIdentifier(version, uri)
        changes = [types.TextDocumentContentChangeWholeDocument(text)]
        self._client.text_document_did_change(
            types.DidChangeTextDocumentParams(identifier, changes)
        )

    async def ask(self, path: Path, text: str, offset: int) -> Asked:
        """Ask for ghost text at a cursor, and then for the record of it."""
        before = text[:offset]
        at = types.Position(before.count("\n"), offset - (before.rfind("\n") + 1))
        params = types.InlineCompletionParams(
            context=types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
            text_document=types.TextDocumentIdentifier(path.as_uri()),
            position=at,
        )
        start = time.perf_counter()
        result = await self._client.text_document_inline_completion_async(params)
        ms = (time.perf_counter() - start) * 1000
        items = result.items if isinstance(result, types.InlineCompletionList) else result or []
        shown = items[0].insert_text if items else ""
        told = await self._told(path)
        tokens = told.get("tokens") or {}
        ahead_read, ahead_written = self._ahead()
        return Asked(
            text=shown if isinstance(shown, str) else shown.value,
            read=tokens.get("evaluated", 0) + tokens.get("policy", 0) + ahead_read,
            written=tokens.get("generated", 0) + ahead_written,
            ms=ms,
            recalled=bool(told["recalled"]),
        )

    async def unloaded(self) -> None:
        """Wait until the server has freed its model after the last request."""
        with self._log.open(encoding="utf-8") as file:
            file.seek(self._read_log)
            while "is unloaded" not in file.read():
                await asyncio.sleep(0.1)

    async def indexed(self) -> None:
        """Wait for the index."""
        await self._client.protocol.send_request_async("sidelong/indexed", {})

    async def _told(self, path: Path) -> dict[str, Any]:
        params = {"textDocument": {"uri": path.as_uri()}}
        told = await self._client.protocol.send_request_async("sidelong/explain", params)
        record: dict[str, Any] = _plain(told)["request"]
        return record

    def _ahead(self) -> tuple[int, int]:
        """Tokens that went through the model without a request, by the log written since."""
        with self._log.open(encoding="utf-8") as file:
            file.seek(self._read_log)
            lines = file.read()
            self._read_log = file.tell()
        found = [match.groups(default="0") for match in _AHEAD.finditer(lines)]
        return sum(int(read) for read, _ in found), sum(int(written) for _, written in found)


@asynccontextmanager
async def serving(
    model: Path,
    root: Path,
    *,
    threads: int | None = None,
    settings: Mapping[str, object] | None = None,
) -> AsyncIterator[Editor]:
    """A server that has loaded the model and indexed the folder."""
    with tempfile.TemporaryDirectory() as own:
        folder = Path(own)
        env = {
            **os.environ,
            "SIDELONG_CACHE_DIR": str(folder / "cache"),
            "SIDELONG_CONFIG": str(folder / "config.toml"),
        }
        log = folder / "log"
        client, ready = LanguageClient("sidelong-bench", "1"), asyncio.Event()
        _listen(client, ready)
        before = set(psutil.Process().children())
        options = ["--model", str(model), "--log-level", "debug", "--log-file", str(log)]
        options += [] if threads is None else ["--threads", str(threads)]
        await client.start_io(sys.executable, "-m", "sidelong", "serve", *options, env=env)
        (process,) = set(psutil.Process().children()) - before
        try:
            await client.initialize_async(
                types.InitializeParams(
                    process_id=None,
                    capabilities=types.ClientCapabilities(
                        general=types.GeneralClientCapabilities(
                            position_encodings=[types.PositionEncodingKind.Utf32]
                        ),
                        text_document=types.TextDocumentClientCapabilities(
                            inline_completion=types.InlineCompletionClientCapabilities()
                        ),
                    ),
                    initialization_options=settings,
                    workspace_folders=[types.WorkspaceFolder(root.as_uri(), root.name)],
                )
            )
            client.initialized(types.InitializedParams())
            await asyncio.wait_for(ready.wait(), READY_WITHIN_S)
            editor = Editor(client, process, log)
            await editor.indexed()
            yield editor
        finally:
            if not client.stopped:
                await client.shutdown_async(None)
                client.exit(None)
            await client.stop()  # type: ignore[no-untyped-call]


def _listen(client: LanguageClient, ready: asyncio.Event) -> None:
    """Set `ready` once the server says that it has its model."""

    def on_status(params: Any) -> None:
        if params.state == "error":
            print(params.message, file=sys.stderr)
        if params.state in ("ready", "indexing", "error"):
            ready.set()

    client.feature("sidelong/status")(on_status)


def _plain(value: Any) -> Any:
    """pygls makes an object of every value that it knows no type for."""
    if hasattr(value, "_asdict"):
        return {name: _plain(part) for name, part in value._asdict().items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value
