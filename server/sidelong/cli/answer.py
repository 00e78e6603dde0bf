"""An answer as JSON for programs, and as a few lines for people."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from sidelong.engine import Answer, Decision, Request

GHOST = "dim italic"
ELSEWHERE_MS = frozenset({"load", "index"})
"""Stages that only a command waits for: an editor loads and indexes once."""


def to_json(answer: Answer) -> dict[str, Any]:
    """Everything about the answer; docs/commands.md documents the names."""
    return {
        "text": answer.text,
        "replace_after": answer.replace_after,
        "reason": answer.reason,
        **answer.facts(),
    }


def render(answer: Answer, request: Request) -> RenderableType:
    """The line with the suggestion in it, the decision, and the cost."""
    parts: list[RenderableType] = [_ghosted(answer, request), _facts(answer)]
    parts += [
        Padding(Text(f"{hit.score:.2f}  {hit.path}:{hit.start_line}-{hit.end_line}"), (0, 0, 0, 2))
        for hit in answer.chunks
    ]
    return Group(*parts)


def decision(gate: Decision) -> str:
    """The decision and its reason, in words."""
    done = "retrieved" if gate.retrieved else "not retrieved"
    if gate.rule in ("always", "never"):
        return f"{done} ({gate.rule})"
    if gate.probability is None or gate.compared is None:
        return f"{done} (no model could decide)"
    if gate.rule == "greedy":
        return f"{done} (greedy, P {gate.probability:.3f})"
    p = f"P {gate.probability:.3f}"
    if gate.corrected is not None:
        p += f", corrected {gate.corrected:.3f}"
    if gate.compared < gate.threshold:
        return f"{done} ({p} < {gate.threshold:.3f})"
    but = "" if gate.retrieved else ", but nothing was found"
    return f"{done} ({p} ≥ {gate.threshold:.3f}{but})"


def _ghosted(answer: Answer, request: Request) -> Text:
    head = request.before.replace("\r", "\n").rpartition("\n")[2]
    tail = request.after[answer.replace_after :].replace("\r", "\n").partition("\n")[0]
    if not answer.text:
        return Text.assemble(head, ("▏", "bold red"), tail)
    return Text.assemble(head, (answer.text.replace("\r\n", "\n"), GHOST), tail)


def _facts(answer: Answer) -> Text:
    tokens = answer.tokens
    spent = sum(ms for stage, ms in answer.ms.items() if stage not in ELSEWHERE_MS)
    facts = [
        decision(answer.gate),
        f"{tokens.prompt:,} tokens, {tokens.evaluated:,} evaluated, {tokens.generated} generated",
        f"{spent:,.0f} ms",
    ]
    if tokens.policy:
        facts.insert(1, f"decided by {answer.policy}, {tokens.policy:,} tokens")
    if (use := answer.remote) is not None:
        done = f"not completed by {use.host}: {use.problem}" if use.problem else f"by {use.host}"
        facts.append(f"{done}, {use.sent_characters:,} characters sent")
    if not answer.text:
        facts.insert(0, f"nothing to suggest: {answer.reason or 'the model ended at once'}")
    elif answer.reason:
        facts.append(f"cut: {answer.reason}")
    return Text(" · ".join(facts), style="cyan" if answer.text else "yellow")
