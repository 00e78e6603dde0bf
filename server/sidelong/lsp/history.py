"""The last requests and their outcomes, so that "nothing appeared" has an explanation.

Each request is one line of the debug log, with the document's name but without code;
`sidelong/explain` shows the newest.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from sidelong.engine import Answer
from sidelong.lsp.uris import file_name

logger = logging.getLogger(__name__)

KEPT: Final = 64

Outcome: TypeAlias = Literal[
    "shown", "empty", "superseded", "cancelled", "stale", "off", "not ready", "failed"
]


@dataclass
class Record:
    """One request; filled in while the server answers it, then kept."""

    id: str
    uri: str
    outcome: Outcome = "failed"
    reason: str = ""
    answer: Answer | None = None
    recalled: bool = False
    """The answer continues an earlier suggestion or was prefetched; the model was not asked."""
    accepted: bool = False
    total_ms: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The record for `sidelong/explain`; of code it has what a remote model was sent."""
        known: dict[str, Any] = {
            "id": self.id,
            "uri": self.uri,
            "outcome": self.outcome,
            "reason": self.reason,
            "recalled": self.recalled,
            "accepted": self.accepted,
            "ms": {"total": round(self.total_ms, 1)},
        }
        if self.answer is None:
            return known
        facts = self.answer.facts()
        if (use := self.answer.remote) is not None:
            facts["remote"]["sent"] = [json.loads(body) for body in use.sent]
        return {**known, **facts, "ms": {**facts["ms"], **known["ms"]}}


class History:
    """A ring of the last requests; owned by the event loop."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque(maxlen=KEPT)

    def add(self, record: Record) -> None:
        """Keep the record and log its line."""
        self._records.append(record)
        logger.debug("%s", trace_line(record))

    def last(self, uri: str | None = None) -> Record | None:
        """The newest record, or the newest of one document; None if there is none."""
        return next((r for r in reversed(self._records) if uri in (None, r.uri)), None)

    def accept(self, request_id: str) -> Record | None:
        """Mark the suggestion of a request as accepted; None if its record is no longer kept."""
        record = next((r for r in reversed(self._records) if r.id == request_id), None)
        if record is not None:
            record.accepted = True
        return record


def trace_line(record: Record) -> str:
    """One request on one line, without code."""
    parts = [f"request {record.id} {file_name(record.uri)}: {record.outcome}"]
    if record.reason:
        parts.append(f"reason {record.reason!r}")
    if record.recalled:
        parts.append("recalled")
    if record.answer is not None:
        gate, tokens = record.answer.gate, record.answer.tokens
        p = "-" if gate.probability is None else f"{gate.probability:.3f}"
        parts.append(f"{'retrieved' if gate.retrieved else 'abstained'} by {gate.rule}")
        p += "" if gate.corrected is None else f" corrected {gate.corrected:.3f}"
        parts.append(f"p {p} threshold {gate.threshold:.3f} chunks {len(record.answer.chunks)}")
        parts.append(
            f"tokens {tokens.prompt} prompt {tokens.evaluated} evaluated"
            f" {tokens.generated} generated"
        )
        if (use := record.answer.remote) is not None:
            parts.append(f"remote {use.host} {use.sent_characters} characters sent")
            parts += [f"remote problem {use.problem!r}"] if use.problem else []
        if tokens.policy:
            parts.append(f"policy {record.answer.policy} {tokens.policy} evaluated")
        parts.append(f"sure {record.answer.probability:.3f}")
        parts += [f"{stage} {ms:.1f} ms" for stage, ms in record.answer.ms.items()]
    parts.append(f"total {record.total_ms:.1f} ms")
    return ", ".join(parts)
