"""The question put to the completer and the answer it gives; plain values.

Nothing here knows LSP: positions are offsets in code points, paths are relative to their root.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sidelong.engine.budget import Window
from sidelong.engine.correction import Correction
from sidelong.engine.gate import Decision
from sidelong.settings import Settings
from sidelong_index import Hit


@dataclass(frozen=True)
class Request:
    """A cursor in a document, with everything needed to answer."""

    path: str
    """Relative to the workspace folder, with `/`; the bare name for a document outside of one."""
    language: str
    """LSP languageId, such as `python` or `typescriptreact`."""
    text: str
    """The whole document with the line ends it has in the editor."""
    offset: int
    """The cursor, in code points from the start of `text`."""
    settings: Settings = field(default_factory=Settings)
    id: str = ""
    """Names the request in the log."""
    alternatives: int = 0
    """The number of other texts that are wanted beside the first."""
    project: str = ""
    """The workspace folder's name; empty for a document outside of one."""
    root: str = ""
    """The workspace folder, which tells it from others of the same name."""
    correction: Correction | None = None
    """Of the decision, for this folder; used if it was fitted with the models that answer."""

    @property
    def document(self) -> tuple[str, str]:
        """The document's folder and path, which no other document has."""
        return self.root or self.project, self.path

    @property
    def before(self) -> str:
        """The text before the cursor."""
        return self.text[: self.offset]

    @property
    def after(self) -> str:
        """The text after the cursor."""
        return self.text[self.offset :]


@dataclass(frozen=True)
class Tokens:
    """The cost of an answer, in tokens."""

    prompt: int = 0
    """Length of the prompt that was completed."""
    evaluated: int = 0
    """Prompt tokens that were not in the KV cache and went through the model."""
    generated: int = 0
    """Tokens decoded, the healed ones included."""
    policy: int = 0
    """Tokens that went through the policy, the model that only decides."""


@dataclass(frozen=True)
class RemoteUse:
    """The part of a remote model in an answer: what left this machine, and what came of it."""

    host: str
    format: str
    requests: int = 0
    sent_characters: int = 0
    """Of the prompts, in all requests."""
    masked: int = 0
    """Secrets of the open document that were masked in them."""
    problem: str = ""
    """Why the local model completed in its place; empty if the remote one did."""
    is_resting: bool = False
    """True after some failures in a row, when it is not asked for a while."""
    sent: tuple[bytes, ...] = field(default=(), repr=False)
    """The bodies of the requests, as JSON: the code that left, or would have."""

    def facts(self) -> dict[str, Any]:
        """The use as JSON, without code."""
        return {name: value for name, value in asdict(self).items() if name != "sent"}


@dataclass(frozen=True)
class Answer:
    """The text to insert at the cursor, and the record of how it was made."""

    text: str
    """Empty if there is nothing to suggest."""
    gate: Decision
    replace_after: int = 0
    """Code points after the cursor, on its line, that the text replaces."""
    chunks: tuple[Hit, ...] = ()
    """The retrieved chunks, best first; empty unless the gate asked for them."""
    tokens: Tokens = Tokens()
    ms: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds by stage."""
    probability: float = 1.0
    """The model's probability of the whole text, before it was trimmed."""
    reason: str = ""
    """Why the text is empty, or what cut it."""
    models: str = ""
    """The fingerprint of the models that made it."""
    alternatives: tuple[Answer, ...] = ()
    """Other texts for the same cursor, likeliest first, as far as the request wanted them."""
    model: str = ""
    """The model that wrote it."""
    policy: str | None = None
    """The model that decides in its place whether to retrieve; None if it does so itself."""
    remote: RemoteUse | None = None
    """None if the user's settings name no remote model."""
    window: Window | None = None
    """The most tokens that the model was shown, and why; None where no model was asked."""

    def facts(self) -> dict[str, Any]:
        """The record of the answer as JSON, without its text; docs/commands.md has the names."""
        return {
            "model": self.model,
            "policy": self.policy,
            "remote": None if self.remote is None else self.remote.facts(),
            "gate": asdict(self.gate),
            "chunks": [
                {
                    "path": hit.path,
                    "start_line": hit.start_line,
                    "end_line": hit.end_line,
                    "score": round(hit.score, 4),
                }
                for hit in self.chunks
            ],
            "probability": self.probability,
            "window": None if self.window is None else self.window.facts(),
            "tokens": asdict(self.tokens),
            "ms": {stage: round(ms, 2) for stage, ms in self.ms.items()},
        }
