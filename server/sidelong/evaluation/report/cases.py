"""The blanks where retrieval helped most and hurt most, side by side, with their chunks.

Every piece of text comes from the workspace or the model and is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from html import escape

from sidelong.evaluation.record import line_number
from sidelong.evaluation.run import Completion, Trial
from sidelong.evaluation.words import WHAT
from sidelong_index import Hit

_LINES_ABOVE, _LINES_BELOW = 4, 2


def gain(trial: Trial) -> float:
    """The edit similarity that retrieval gains."""
    with_, without = trial.completions["always"], trial.completions["never"]
    return with_.edit_similarity - without.edit_similarity


def best(trials: Sequence[Trial], n: int) -> list[Trial]:
    """The `n` trials where retrieval helped most, none where it did not."""
    return sorted((t for t in trials if gain(t) > 0), key=gain, reverse=True)[:n]


def worst(trials: Sequence[Trial], n: int) -> list[Trial]:
    """The `n` trials where retrieval hurt most, none where it did not."""
    return sorted((t for t in trials if gain(t) < 0), key=gain)[:n]


def article(trial: Trial) -> str:
    """One blank: the target, the completions without and with retrieval, and the chunks."""
    case, always = trial.case, trial.completions["always"]
    place = f"{case.file.path}:{line_number(case)}"
    return (
        f"<article><header><b>{escape(place)}</b>"
        f"<span>{escape(WHAT.get(case.blank.kind, case.blank.kind))}</span>"
        f"<span>edit similarity {100 * gain(trial):+.0f}</span>"
        f'<span class="soft">{escape(_decided(trial))}</span></header>'
        '<div class="side">'
        f"{pane('what stood there', trial, escape(case.target))}"
        f"{scored_pane('without retrieval', trial, trial.completions['never'])}"
        f"{scored_pane('with retrieval', trial, always)}"
        f"</div>{''.join(map(_chunk, always.chunks))}</article>"
    )


def _decided(trial: Trial) -> str:
    gate = trial.completions["threshold"].gate
    done = "retrieved" if gate.retrieved else "did not retrieve"
    said = "" if gate.probability is None else f", P(<cc>) {gate.probability:.3f}"
    return f"the threshold {done}{said}"


def scored_pane(title: str, trial: Trial, completion: Completion) -> str:
    """A completion in its place, with the wrong parts marked, and its score and cost."""
    right = (
        "exact" if completion.exact else f"edit similarity {100 * completion.edit_similarity:.0f}"
    )
    facts = (
        f"{title}: {right}, {completion.total_ms:,.0f} ms, {completion.tokens.evaluated:,} tokens"
    )
    return pane(facts, trial, _marked(completion.text, completion.target))


def pane(title: str, trial: Trial, inserted: str) -> str:
    """The lines around the blank, with `inserted` in its place, which is HTML."""
    text, blank = trial.case.file.text, trial.case.blank
    above = "\n".join(text[: blank.start].split("\n")[-_LINES_ABOVE:])
    below = "\n".join(text[blank.end :].split("\n")[:_LINES_BELOW])
    return (
        f'<div><h3>{escape(title)}</h3><pre><span class="around">{escape(above)}</span>'
        f'{inserted}<span class="around">{escape(below)}</span></pre></div>'
    )


def _marked(text: str, target: str) -> str:
    """The text, with the parts marked that the target does not have."""
    parts = []
    matcher = SequenceMatcher(None, target, text, autojunk=False)
    for tag, _, _, start, end in matcher.get_opcodes():
        piece = escape(text[start:end])
        if piece:
            parts.append(piece if tag == "equal" else f"<mark>{piece}</mark>")
    return "".join(parts) or "<mark>nothing</mark>"


def _chunk(hit: Hit) -> str:
    place = f"{hit.path}:{hit.start_line}-{hit.end_line}"
    return (
        f"<details><summary>{escape(place)} "
        f'<span class="soft">similarity {hit.score:.2f}</span></summary>'
        f"<pre>{escape(hit.context + hit.text)}</pre></details>"
    )
