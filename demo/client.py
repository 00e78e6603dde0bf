"""An editor without a screen: starts the language server as a process and speaks LSP with it.

What is opened and asked is the caller's.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from sidelong import __version__

STARTS_WITHIN_S = 600.0
"""The first indexing of a large repository takes its time."""


SETTLED_S = 0.5


@dataclass(frozen=True)
class Suggestion:
    """What came back from the server, and what it says of how."""

    text: str
    replaced: int
    """Characters after the cursor that the text replaces."""
    outcome: str
    reason: str
    gate: dict[str, Any]
    chunks: list[dict[str, Any]]
    tokens: dict[str, int]
    ms: float
    """From sending the request to having the answer."""


class Editor:
    """One document at a time, at a server that is ready."""

    def __init__(self, client: LanguageClient) -> None:
        self._client = client
        self._version = 0
        self._uri = ""

    def open(self, path: Path, text: str, language: str) -> None:
        """Open the file with another text than on disk, as if it had been edited."""
        self._uri, self._version = path.as_uri(), 1
        self._client.text_document_did_open(
            types.DidOpenTextDocumentParams(
                types.TextDocumentItem(self._uri, language, self._version, text)
            )
        )

    def type(self, text: str, at: types.Position) -> types.Position:
        """Insert text without a line end; where the cursor is then."""
        self._version += 1
        self._client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self._version, self._uri),
                [types.TextDocumentContentChangePartial(types.Range(at, at), text)],
            )
        )
        return types.Position(at.line, at.character + len(text))

    def close(self) -> None:
        """Close the document; the file on disk counts again."""
        self._client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(self._uri))
        )

    async def complete(self, at: types.Position, *, by_hand: bool = False) -> Suggestion:
        """Ask for ghost text, and then for how it came about.

        Who asks by hand is shown what the model thinks improbable, too.
        """
        kinds = types.InlineCompletionTriggerKind
        started = time.perf_counter()
        found = await self._client.text_document_inline_completion_async(
            types.InlineCompletionParams(
                context=types.InlineCompletionContext(
                    kinds.Invoked if by_hand else kinds.Automatic
                ),
                text_document=types.TextDocumentIdentifier(self._uri),
                position=at,
            )
        )
        ms = (time.perf_counter() - started) * 1000
        items = found.items if isinstance(found, types.InlineCompletionList) else found or []
        text = items[0].insert_text if items else ""
        told = await _explain(self._client, self._uri)
        end = items[0].range.end if items and items[0].range else at
        return Suggestion(
            text=text if isinstance(text, str) else text.value,
            replaced=end.character - at.character,
            outcome=told["outcome"],
            reason=told["reason"],
            gate=told.get("gate", {}),
            chunks=told.get("chunks", []),
            tokens=told.get("tokens", {}),
            ms=ms,
        )


@asynccontextmanager
async def running(
    root: Path,
    *,
    log_file: Path,
    on_progress: Callable[[str, int | None], None],
    settings: dict[str, Any],
) -> AsyncIterator[Editor]:
    """A server that has loaded its model and indexed `root`.

    `on_progress` is told what the server is at, in its words, and the percentage if known.
    """
    client = LanguageClient("sidelong-demo", __version__)
    ready = _Ready(client, on_progress)
    await client.start_io(
        sys.executable, "-m", "sidelong", "serve", "--log-level", "debug", "--log-file",
        str(log_file),
    )  # fmt: skip
    await client.initialize_async(
        types.InitializeParams(
            process_id=None,
            capabilities=_capabilities(),
            initialization_options={"sidelong": settings},
            workspace_folders=[types.WorkspaceFolder(root.as_uri(), root.name)],
        )
    )
    client.initialized(types.InitializedParams())
    try:
        await asyncio.wait_for(ready.wait(), STARTS_WITHIN_S)
        yield Editor(client)
    finally:
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()  # type: ignore[no-untyped-call]


class _Ready:
    """Listens to the server until model and index are there."""

    def __init__(
        self, client: LanguageClient, on_progress: Callable[[str, int | None], None]
    ) -> None:
        self._state = ""
        self._error = ""
        self._changed = asyncio.Event()

        # pygls wants functions and not methods.
        def on_create(_params: types.WorkDoneProgressCreateParams) -> None:
            return None

        def on_work_done(params: types.ProgressParams) -> None:
            value: Any = params.value
            on_progress(value.get("message") or "", value.get("percentage"))

        def on_message(params: types.ShowMessageParams) -> None:
            if params.type == types.MessageType.Error:
                self._error = params.message
                self._changed.set()

        def on_status(params: Any) -> None:
            self._state = params.state
            self._changed.set()

        client.feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)(on_create)
        client.feature(types.PROGRESS)(on_work_done)
        client.feature(types.WINDOW_SHOW_MESSAGE)(on_message)
        client.feature("sidelong/status")(on_status)

    async def wait(self) -> None:
        """Return when both are there; raises `RuntimeError` with the server's own words.

        The model may be ready before indexing is first heard of: the state has to last.
        """
        while True:
            self._changed.clear()
            lasts = SETTLED_S if self._state == "ready" else None
            try:
                await asyncio.wait_for(self._changed.wait(), lasts)
            except asyncio.TimeoutError:
                return
            if self._error:
                raise RuntimeError(self._error)


def _capabilities() -> types.ClientCapabilities:
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(
            position_encodings=[types.PositionEncodingKind.Utf32]
        ),
        text_document=types.TextDocumentClientCapabilities(
            inline_completion=types.InlineCompletionClientCapabilities()
        ),
        window=types.WindowClientCapabilities(work_done_progress=True),
        workspace=types.WorkspaceClientCapabilities(workspace_folders=True),
    )


async def _explain(client: LanguageClient, uri: str) -> dict[str, Any]:
    told = await client.protocol.send_request_async(
        "sidelong/explain", {"textDocument": {"uri": uri}}
    )
    # pygls makes objects of what it knows no type for.
    request: dict[str, Any] = _plain(told.request)
    return request


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {name: _plain(part) for name, part in value._asdict().items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value
