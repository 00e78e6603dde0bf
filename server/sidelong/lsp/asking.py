"""Asking the model, with the settings and the index that hold for the document.

The moment to ask and the use of the answer are left to `answering` and `prefetch`.
"""

from __future__ import annotations

from typing import Final

from sidelong.engine import Answer, Engine, Request
from sidelong.lsp.configuration import Configuration
from sidelong.lsp.documents import Document
from sidelong.lsp.folders import Folders
from sidelong.lsp.history import Outcome
from sidelong.lsp.model_in_use import ModelInUse
from sidelong.lsp.notebooks import Notebooks
from sidelong.lsp.question import Question
from sidelong.lsp.uris import file_name, scheme
from sidelong.settings import Settings
from sidelong_index import Snapshot

MOST_CHARACTERS: Final = 4_000_000
"""Longer documents are logs and data; each keystroke would copy them several times."""

_OUT_OF_STEP: Final = (
    "the editor sent a change of the document that could not be read: "
    "close the document and open it again"
)

_PREFETCH: Final = "prefetch"
"""A key and an id that no request of the client has."""


class Declined(Exception):
    """There will be no suggestion; carries the outcome of the request and the reason.

    A reason that the user should not have to ask for comes with a message for them.
    """

    def __init__(self, outcome: Outcome, reason: str, message: str | None = None) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.message = message


def no_text(uri: str) -> str:
    """The reason why a document that has no text of the user's is not completed."""
    if scheme(uri) == "file":
        return f"{uri} names no file. Save the document to have it completed"
    return (
        f"documents of the scheme {scheme(uri)!r} are not completed: "
        "they only show text. Open the file itself"
    )


class Asking:
    """The way to the model in use; keeps no state of its own."""

    def __init__(
        self,
        folders: Folders,
        notebooks: Notebooks,
        configuration: Configuration,
        model: ModelInUse,
    ) -> None:
        self._folders = folders
        self._notebooks = notebooks
        self._configuration = configuration
        self._model = model

    async def settings(self, doc: Document) -> Settings:
        """The document's settings, once they are in use.

        Raises `Declined` if they switch completion off, or if they do not come.
        """
        if not await self._configuration.is_in_use():
            raise Declined("not ready", "the client has not said `initialized`")
        if not self._folders.hold_text(doc.place):
            raise Declined("off", no_text(doc.place))
        await self._folders.real_paths.wait()
        file = self._folders.file(doc.place)
        settings = self._configuration.settings() if file is None else file.folder.settings
        if not settings.enabled:
            raise Declined("off", "sidelong.enabled is false")
        if not settings.language_on(doc.language):
            raise Declined("off", f"sidelong.languages switches {doc.language} off")
        if not doc.in_step:
            raise Declined("off", _OUT_OF_STEP)
        if len(doc.text) > MOST_CHARACTERS:
            fact = f"has more than {MOST_CHARACTERS:,} characters"
            raise Declined(
                "off",
                f"the document {fact}",
                f"{file_name(doc.place)} {fact}, so sidelong completes nothing in it. "
                "Split it to have it completed.",
            )
        return settings

    async def ask(
        self,
        doc: Document,
        question: Question,
        settings: Settings,
        *,
        key: str,
        id: str,
        alternatives: int = 0,
    ) -> Answer:
        """The model's answer; raises `Superseded` when a newer question with the same key comes."""
        request = self._request(doc, question, settings, id, alternatives)
        return await self._engine().complete(key, request, self._snapshot(doc))

    async def prefetch(self, doc: Document, question: Question) -> Answer:
        """The model's answer to a question that the client has not asked yet."""
        settings = await self.settings(doc)
        return await self.ask(doc, question, settings, key=_PREFETCH, id=_PREFETCH)

    async def read_ahead(self, doc: Document, question: Question) -> int:
        """Have the model read what a question will need; the number of tokens it evaluated."""
        request = self._request(doc, question, await self.settings(doc), _PREFETCH)
        return await self._engine().read_ahead(_PREFETCH, request, self._snapshot(doc))

    def _engine(self) -> Engine:
        if self._model.engine is None:
            # Models are let go of only where the settings of all folders say so.
            raise Declined("off", "sidelong.enabled is false in every folder: no model is loaded")
        return self._model.engine

    def _snapshot(self, doc: Document) -> Snapshot | None:
        file = self._folders.file(doc.place)
        index = file.folder.index if file is not None else None
        return index.snapshot if index else None

    def _request(
        self,
        doc: Document,
        question: Question,
        settings: Settings,
        id: str,
        alternatives: int = 0,
    ) -> Request:
        file = self._folders.file(doc.place)
        root = file.folder.path if file is not None else None
        above, below = self._notebooks.around(doc)
        return Request(
            path=file.path if file is not None else file_name(doc.place),
            language=doc.language,
            text=above + question.text + below,
            offset=len(above) + question.offset,
            settings=settings,
            id=id,
            alternatives=alternatives,
            project=root.name if root is not None else "",
            root=file.folder.uri if file is not None else "",
            correction=file.folder.correction if file is not None else None,
        )
