"""Editors for the tests: a typed client, and one that writes raw bytes."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient, make_test_lsp_client
from tests.lsp import audited

from sidelong.lsp.framing import Framer, frame

R = TypeVar("R")

SCRIPTED = Path(__file__).with_name("scripted_server.py")
CURSOR = "$0"
TIMEOUT_S = 30.0
"""Long enough for a busy machine; nothing waits for it unless it fails."""

Items = list[types.InlineCompletionItem] | None


@dataclass
class Doc:
    """A document as the editor has it open."""

    uri: str
    text: str
    cursor: int
    encoding: str
    version: int = 1

    @property
    def position(self) -> types.Position:
        """The cursor in the encoding agreed with the server."""
        return self.position_at(self.cursor)

    def position_at(self, offset: int) -> types.Position:
        """Any place of the text in the encoding agreed with the server."""
        before = self.text[:offset]
        return types.Position(before.count("\n"), self.units(before.rpartition("\n")[2]))

    def units(self, text: str) -> int:
        """The code units that the text takes."""
        size = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[self.encoding]
        codec = self.encoding if size == 1 else f"{self.encoding}-le"
        return len(text.encode(codec)) // size


class Editor:
    """An editor connected to a server process; each method returns when it is done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder.parent / f"{folder.name}.log"
        self.network = folder.parent / f"{folder.name}.network"
        """The places that a real server would have connected to."""
        self.client: LanguageClient = _client()
        self.statuses: list[dict[str, Any]] = []
        self.registrations: list[types.Registration] = []
        self.result: types.InitializeResult | None = None
        self._loop = asyncio.new_event_loop()
        self._exit_code: int | None = None
        self._listen()

    @property
    def serve(self) -> tuple[str, ...]:
        """The arguments that start the real server."""
        logging = ("--log-level", "debug", "--log-file", str(self.log))
        return (str(audited.__file__), str(self.network), "serve", "--threads", "1", *logging)

    def start(
        self,
        *command: str,
        folders: list[Path] | None = None,
        capabilities: types.ClientCapabilities | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Editor:
        """Start the server, by default the scripted one, and go through the handshake."""
        audit = (str(audited.__file__), str(self.network))
        command = command or (*audit, str(SCRIPTED), str(self.log))
        self.run(
            self.client.start_io(
                sys.executable, *command, env=_own(self.folder.parent), cwd=self.folder
            )
        )
        params = types.InitializeParams(
            capabilities=capabilities or CAPABILITIES,
            workspace_folders=[
                types.WorkspaceFolder(f.as_uri(), f.name) for f in folders or [self.folder]
            ],
            initialization_options=options,
        )
        self.result = self.run(self.client.initialize_session(params))
        return self

    def run(self, story: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on the editor's loop."""
        return self._loop.run_until_complete(asyncio.wait_for(story, TIMEOUT_S))

    def task(self, story: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        """Start a coroutine, to be waited for later."""
        return self._loop.create_task(story)

    @property
    def state(self) -> str | None:
        """The state that the server last told, None before it told any."""
        return self.statuses[-1]["state"] if self.statuses else None

    def bars(self) -> list[str]:
        """Titles of the progress bars that have come and gone."""
        # pytest-lsp keeps the values of the reports where it says it keeps the reports.
        bars: list[list[Any]] = [list(bar) for bar in self.client.progress_reports.values()]
        return [
            bar[0].title for bar in bars if bar and isinstance(bar[-1], types.WorkDoneProgressEnd)
        ]

    def configure(self, settings: object, *, folder: Path | None = None) -> None:
        """Change the editor's configuration and tell the server, as VS Code does."""
        self.client.set_configuration(
            settings, section="sidelong", scope_uri=folder.as_uri() if folder else None
        )
        self.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams(settings=None)
        )

    def add_folder(self, uri: str) -> None:
        """Add a folder to the workspace."""
        folder = types.WorkspaceFolder(uri, uri.rpartition("/")[2])
        event = types.WorkspaceFoldersChangeEvent(added=[folder], removed=[])
        self.client.workspace_did_change_workspace_folders(
            types.DidChangeWorkspaceFoldersParams(event)
        )

    def until(self, fact: Callable[[], object]) -> None:
        """Wait until the fact holds; it may ask the server."""
        deadline = time.monotonic() + TIMEOUT_S
        while not fact():
            assert time.monotonic() < deadline, "it never came to hold"
            self.run(asyncio.sleep(0.02))

    def open(
        self, name: str, text: str, *, language: str = "python", uri: str | None = None
    ) -> Doc:
        """Open a document whose text has `$0` at the cursor, or none at its end."""
        doc = self.doc(uri or (self.folder / name).as_uri(), text)
        item = types.TextDocumentItem(doc.uri, language, doc.version, doc.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return doc

    def doc(self, uri: str, text: str) -> Doc:
        """A document that the server has not heard of; its text is as in `open`."""
        cursor = text.find(CURSOR)
        text = text.replace(CURSOR, "", 1)
        assert self.result is not None
        encoding = str(self.result.capabilities.position_encoding)
        return Doc(uri, text, len(text) if cursor < 0 else cursor, encoding)

    def close(self, doc: Doc) -> None:
        """Close the document without saving it."""
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(doc.uri))
        )

    def type(self, doc: Doc, text: str, *, delete: int = 0) -> None:
        """Type at the cursor, after deleting characters to its right."""
        start = doc.position
        after = doc.text[doc.cursor + delete :]
        end = doc.position_at(doc.cursor + delete)
        change = types.TextDocumentContentChangePartial(range=types.Range(start, end), text=text)
        doc.text = doc.text[: doc.cursor] + text + after
        doc.cursor += len(text)
        doc.version += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(doc.version, doc.uri), [change]
            )
        )

    def params(
        self,
        doc: Doc,
        *,
        invoked: bool = False,
        selected: types.SelectedCompletionInfo | None = None,
    ) -> types.InlineCompletionParams:
        """The params of a request at the cursor."""
        kind = types.InlineCompletionTriggerKind
        return types.InlineCompletionParams(
            context=types.InlineCompletionContext(
                kind.Invoked if invoked else kind.Automatic, selected
            ),
            text_document=types.TextDocumentIdentifier(doc.uri),
            position=doc.position,
        )

    def ask(self, doc: Doc, **how: Any) -> Coroutine[Any, Any, Items]:
        """Request a completion at the cursor; the answer is to be awaited."""
        params = self.params(doc, **how)
        answer: Any = self.client.text_document_inline_completion_async(params)
        return cast("Coroutine[Any, Any, Items]", answer)

    def complete(self, doc: Doc, **how: Any) -> Items:
        """The answer to a request at the cursor."""
        return self.run(self.ask(doc, **how))

    def suggestion(self, doc: Doc, **how: Any) -> str:
        """The text that the one suggestion at the cursor inserts."""
        items = self.complete(doc, **how)
        assert items, self.explain(doc)
        (item,) = items
        assert isinstance(item.insert_text, str)
        return item.insert_text

    def explain(self, doc: Doc | None = None) -> dict[str, Any]:
        """The server's record of the last request."""
        params = {"textDocument": {"uri": doc.uri}} if doc else None
        answer: dict[str, Any] = self.run(self.request("sidelong/explain", params))
        return answer["request"] if answer["request"] is not None else answer

    async def request(self, method: str, params: object) -> Any:
        """Send any request."""
        protocol: Any = self.client.protocol
        answer = await protocol.send_request_async(method, params)
        # pygls turns results of methods it does not know into named tuples.
        return _plain(answer)

    def shut_down(self) -> int:
        """Shut the server down as a good client does; its exit code."""
        self.run(self.client.shutdown_session())
        return self.stop()

    def stop(self) -> int:
        """Wait for the server to end, killing it if it is still connected; its exit code."""
        if self._exit_code is None:
            self._exit_code = self.run(self._stop())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
            audited.check(self.network)
        return self._exit_code

    async def _stop(self) -> int:
        process = self.client._server
        assert process is not None
        if process.stdin is not None:
            process.stdin.close()
        code = await process.wait()
        client: Any = self.client
        await client.stop()
        return code

    def _listen(self) -> None:
        client: Any = self.client

        def status(params: Any) -> None:
            self.statuses.append(_plain(params))

        def register(params: types.RegistrationParams) -> None:
            self.registrations.extend(params.registrations)

        client.feature("sidelong/status")(status)
        client.feature(types.CLIENT_REGISTER_CAPABILITY)(register)


CAPABILITIES = types.ClientCapabilities(
    general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf32]),
    window=types.WindowClientCapabilities(work_done_progress=True),
    workspace=types.WorkspaceClientCapabilities(
        configuration=True,
        workspace_folders=True,
        did_change_configuration=types.DidChangeConfigurationClientCapabilities(
            dynamic_registration=True
        ),
    ),
    text_document=types.TextDocumentClientCapabilities(
        inline_completion=types.InlineCompletionClientCapabilities()
    ),
)


def _client() -> LanguageClient:
    return make_test_lsp_client()


def _own(folder: Path) -> dict[str, str]:
    """The environment of a server that keeps away from the user's settings and cache.

    Given explicitly, because servers that tests share outlive a test's own environment.
    """
    return {
        **os.environ,
        "SIDELONG_CACHE_DIR": str(folder / "cache"),
        "SIDELONG_CONFIG": str(folder / "config.toml"),
        "SIDELONG_MODELS_DIR": str(folder / "models"),
    }


def _plain(value: Any) -> Any:
    """A named tuple of pygls as the dict it was."""
    if hasattr(value, "_asdict"):
        return {name: _plain(inner) for name, inner in value._asdict().items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


@pytest.fixture
def new_editor(tmp_path: Path) -> Iterator[Callable[..., Editor]]:
    """Makes editors that are gone after the test."""
    editors: list[Editor] = []

    def make(folder: Path | None = None) -> Editor:
        folder = folder or tmp_path / "workspace"
        folder.mkdir(parents=True, exist_ok=True)
        editors.append(Editor(folder))
        return editors[-1]

    yield make
    for editor in editors:
        editor.stop()


@pytest.fixture(scope="module", params=["utf-8", "utf-16", "utf-32"])
def editor_in_each_encoding(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Editor]:
    """An editor on a scripted server that a module's tests share, once in each encoding."""
    folder = tmp_path_factory.mktemp("encoded") / "workspace"
    folder.mkdir()
    general = types.GeneralClientCapabilities(position_encodings=[request.param])
    editor = Editor(folder).start(capabilities=types.ClientCapabilities(general=general))
    yield editor
    assert editor.shut_down() == 0


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor on a scripted server that a module's tests share."""
    folder = tmp_path_factory.mktemp("editor") / "workspace"
    folder.mkdir()
    editor = Editor(folder).start()
    yield editor
    assert editor.shut_down() == 0


@pytest.fixture(scope="module")
def real_editor(tmp_path_factory: pytest.TempPathFactory, default_model: Path) -> Iterator[Editor]:
    """An editor on `sidelong serve` with the shipped model, which a module's tests share."""
    folder = tmp_path_factory.mktemp("real") / "workspace"
    folder.mkdir()
    editor = Editor(folder)
    # However unsure the model is: these tests are about the way of its words, not their worth.
    editor.start(*editor.serve, options={"minProbability": 0})
    yield editor
    assert editor.shut_down() == 0


class RawClient:
    """A client that writes bytes and reads messages."""

    def __init__(self, folder: Path) -> None:
        self._network = folder / "server.network"
        audit = (str(audited.__file__), str(self._network))
        self.process = subprocess.Popen(
            [sys.executable, *audit, str(SCRIPTED), str(folder / "server.log")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_own(folder),
        )
        self.messages: list[dict[str, Any]] = []
        self._framer = Framer()
        self._ids = itertools.count(1)
        self._closed = False

    def write(self, data: bytes) -> None:
        """Send the bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, method: str, params: object = None, *, id: object = None) -> None:
        """Send a proper message, a notification unless it has an id."""
        message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params  # type: ignore[assignment]
        if id is not None:
            message["id"] = id  # type: ignore[assignment]
        self.write(frame(json.dumps(message).encode()))

    def call(self, method: str, params: object = None) -> dict[str, Any]:
        """The response to a proper request."""
        id = next(self._ids)
        self.send(method, params, id=id)
        return self.response(id)

    def response(self, id: object) -> dict[str, Any]:
        """The response to a request, read until it comes."""
        return self.next_message(lambda m: "method" not in m and m.get("id") == id)

    def next_message(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first unseen message that is wanted; others stay for later."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            for message in self.messages:
                if wanted(message):
                    self.messages.remove(message)
                    return message
            data = os.read(self.process.stdout.fileno(), 65_536)
            assert data, f"the server has ended; unseen: {self.messages}"
            self._read(data)
        raise TimeoutError

    def initialize(self, **params: object) -> dict[str, Any]:
        """Go through the handshake; the result of `initialize`."""
        response = self.call("initialize", {"processId": None, "capabilities": {}, **params})
        self.send("initialized", {})
        result: dict[str, Any] = response["result"]
        return result

    def close(self) -> int:
        """Close the server's stdin and wait for its end; its last words are in `messages`."""
        if not self._closed:
            self._closed = True
            out, _ = self.process.communicate(timeout=TIMEOUT_S)
            self._read(out)
        assert self._framer.garbage == 0, "something else than the protocol wrote to stdout"
        audited.check(self._network)
        return self.process.returncode

    def _read(self, data: bytes) -> None:
        self.messages += [json.loads(body) for body in self._framer.feed(data)]


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[RawClient]:
    """A raw client of a scripted server of its own, not yet initialized."""
    client = RawClient(tmp_path)
    yield client
    client.close()


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawClient]:
    """A raw client of a scripted server that a module's tests share."""
    client = RawClient(tmp_path_factory.mktemp("raw"))
    client.initialize()
    yield client
    assert client.call("shutdown")["result"] is None
    client.send("exit")
    assert client.close() == 0
