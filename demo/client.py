"""An editor without a screen: it starts the language server as a process and speaks LSP with it.

The demo uses it, and `training.served` to measure.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from sidelong import __version__
from sidelong.isolation import command

STARTS_WITHIN_S = 600.0
"""The first indexing of a large repository takes its time."""


SETTLED_S = 0.5


@dataclass(frozen=True)
class Suggestion:
    """The server's answer, and its explanation of it."""

    text: str
    replaced: int
    """Characters after the cursor that the text replaces."""
    outcome: str
    reason: str
    recalled: bool
    """It is the rest of an earlier suggestion."""
    gate: dict[str, Any]
    chunks: list[dict[str, Any]]
    tokens: dict[str, int]
    ms: float
    """From sending the request to having the answer."""

    @property
    def compared(self) -> float | None:
        """P(<cc>), or what the model's formula or the folder's correction makes of it."""
        corrected: float | None = self.gate["corrected"]
        probability: float | None = self.gate["probability"]
        return probability if corrected is None else corrected


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
        """Insert text without a line end; the cursor's new position comes back."""
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

    async def indexed(self) -> int | None:
        """Wait until the folder's index holds the document as it is; the number of its files.

        None if the folder has no index, since it never retrieves.
        """
        told = await _request(self._client, "sidelong/indexed", self._uri)
        files: int | None = told["folders"][0]["files"]
        return files

    async def complete(self, at: types.Position, *, by_hand: bool = False) -> Suggestion:
        """Ask for ghost text, and then for its explanation.

        A request by hand gets improbable texts too.
        """
        kinds = types.InlineCompletionTriggerKind
        started = time.perf_counter()
        result = await self._client.text_document_inline_completion_async(
            types.InlineCompletionParams(
                context=types.InlineCompletionContext(
                    kinds.Invoked if by_hand else kinds.Automatic
                ),
                text_document=types.TextDocumentIdentifier(self._uri),
                position=at,
            )
        )
        ms = (time.perf_counter() - started) * 1000
        items = result.items if isinstance(result, types.InlineCompletionList) else result or []
        text = items[0].insert_text if items else ""
        told = (await _request(self._client, "sidelong/explain", self._uri))["request"]
        end = items[0].range.end if items and items[0].range else at
        return Suggestion(
            text=text if isinstance(text, str) else text.value,
            replaced=end.character - at.character,
            outcome=told["outcome"],
            reason=told["reason"],
            recalled=told["recalled"],
            gate=told.get("gate", {}),
            chunks=told.get("chunks", []),
            tokens=told.get("tokens", {}),
            ms=ms,
        )


@asynccontextmanager
async def running(
    folders: Mapping[Path, Mapping[str, Any]],
    *,
    log_file: Path,
    on_progress: Callable[[str, int | None], None] = lambda _what, _percentage: None,
    options: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> AsyncIterator[Editor]:
    """A server that has loaded its model and indexed the folders, each with its settings.

    `on_progress` gets the server's own words for its work, and the percentage if known.
    `options` are more arguments of `sidelong serve`, `env` is its environment, by default ours.
    """
    client = LanguageClient("sidelong-demo", __version__)
    ready = _Ready(client, on_progress)
    _tell_settings(client, {folder.as_uri(): settings for folder, settings in folders.items()})
    serve = command("serve", "--log-level", "debug", "--log-file", str(log_file), *options)
    await client.start_io(*serve, env=env)
    await client.initialize_async(
        types.InitializeParams(
            process_id=None,
            capabilities=_capabilities(),
            workspace_folders=[types.WorkspaceFolder(f.as_uri(), f.name) for f in folders],
        )
    )
    client.initialized(types.InitializedParams())
    try:
        await asyncio.wait_for(ready.wait(), STARTS_WITHIN_S)
        yield Editor(client)
    finally:
        if not client.stopped:
            await client.shutdown_async(None)
            client.exit(None)
        await client.stop()  # type: ignore[no-untyped-call]


def _tell_settings(client: LanguageClient, by_folder: Mapping[str, Mapping[str, Any]]) -> None:
    """Answer the server when it asks for the configuration."""

    def on_configuration(params: types.ConfigurationParams) -> list[Mapping[str, Any]]:
        return [by_folder.get(item.scope_uri or "", {}) for item in params.items]

    client.feature(types.WORKSPACE_CONFIGURATION)(on_configuration)


class _Ready:
    """Listens to the server until model and index are ready."""

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
        """Return when both are ready; raises `RuntimeError` with the server's own words.

        The model may be ready before indexing is first reported, so the state has to last.
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
        workspace=types.WorkspaceClientCapabilities(configuration=True, workspace_folders=True),
    )


async def _request(client: LanguageClient, method: str, uri: str) -> dict[str, Any]:
    """The server's answer to one of its own methods about a document."""
    told = await client.protocol.send_request_async(method, {"textDocument": {"uri": uri}})
    # pygls makes an object of every value that it knows no type for.
    answer: dict[str, Any] = _plain(told)
    return answer


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {name: _plain(part) for name, part in value._asdict().items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value
