"""The look of the demo: each case with its suggestion, the real code, and the decision."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.cases import cursor
from demo.client import Suggestion
from sidelong.evaluation.cases import Case
from sidelong.evaluation.metrics import edit_similarity, exact_match

CONTEXT_LINES = 3
GUTTER = " " * 5
GHOST = "bold green"
REAL = "cyan"


@dataclass(frozen=True)
class Shown:
    """A case and the suggestion for it."""

    case: Case
    suggestion: Suggestion

    @property
    def similarity(self) -> float:
        """Edit similarity of suggestion and real code, 0 to 1."""
        return edit_similarity(self._filled, self.case.target)

    @property
    def exact(self) -> bool:
        """True if the suggestion is the real code."""
        return exact_match(self._filled, self.case.target)

    @property
    def _filled(self) -> str:
        """The suggestion, without the code behind the cursor that it repeats."""
        return self.suggestion.text.removesuffix(self.case.after[: self.suggestion.replaced])


def panel(shown: Shown, *, number: int, of: int) -> RenderableType:
    """One case."""
    case, suggestion = shown.case, shown.suggestion
    line = cursor(case).line + 1
    return Panel(
        Group(_code(case, suggestion), Text(), _facts(shown)),
        title=Text.assemble((f"{number}/{of}", "bold"), f"  {case.file.path}:{line}"),
        title_align="left",
        border_style="dim",
    )


def _code(case: Case, suggestion: Suggestion) -> Text:
    above = case.before.split("\n")
    below = case.after.split("\n")
    text = Text(no_wrap=True, overflow="ellipsis")
    for line in above[-1 - CONTEXT_LINES : -1]:
        text.append(f"{GUTTER}{line}\n", "dim")
    text.append("   › ", "bold")
    text.append(above[-1])
    if suggestion.text:
        text.append(suggestion.text.replace("\n", f"\n{GUTTER}"), GHOST)
    else:
        text.append("▏", "red")
    text.append(below[0][suggestion.replaced :] + "\n")
    text.append("real ", REAL)
    text.append(above[-1], "dim")
    text.append(case.target.strip("\n"), REAL)
    text.append(below[0], "dim")
    return text


def _facts(shown: Shown) -> Table:
    suggestion, tokens = shown.suggestion, shown.suggestion.tokens
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    table.add_row("decision", _decision(suggestion))
    for chunk in suggestion.chunks:
        lines = f"{chunk['path']}:{chunk['start_line']}-{chunk['end_line']}"
        table.add_row("", Text.assemble((f"{chunk['score']:.2f}  ", "dim"), lines))
    table.add_row(
        "cost",
        f"{suggestion.ms:.0f} ms, {tokens.get('prompt', 0):,} tokens in the prompt, "
        f"{tokens.get('evaluated', 0):,} evaluated, {tokens.get('generated', 0)} generated",
    )
    table.add_row("result", _result(shown))
    return table


def _decision(suggestion: Suggestion) -> Text:
    gate = suggestion.gate
    if not gate:
        return Text(f"none: {suggestion.outcome}, {suggestion.reason}", "yellow")
    done = Text("retrieved", "bold magenta") if gate["retrieved"] else Text("abstained", "bold")
    compared = suggestion.compared
    if gate["probability"] is not None and compared is not None and gate["rule"] == "threshold":
        name = "P(<cc>)" if gate["corrected"] is None else "forecast"
        sign = "≥" if compared >= gate["threshold"] else "<"
        done.append(
            f"   {name} {compared:.3f} {sign} threshold {gate['threshold']:.3f}", "not bold"
        )
    else:
        done.append(f"   by rule {gate['rule']}", "not bold")
    return done


def _result(shown: Shown) -> Text:
    if shown.exact:
        return Text("exactly the real code", "bold green")
    if not shown.suggestion.text:
        why = shown.suggestion.reason or "the model ended at once"
        return Text(f"no suggestion: {why}", "yellow")
    return Text(f"{shown.similarity:.0%} similar to the real code")


def typing(evaluated: Sequence[int], *, text: str, prompt: int) -> RenderableType:
    """The cost of each keystroke when the suggestions were refused."""
    keys = Table.grid(padding=(0, 2))
    keys.add_column(style="dim")
    keys.add_column()
    keys.add_row("typed", Text(text, REAL))
    keys.add_row("evaluated", " ".join(map(str, evaluated)))
    keys.add_row("median", f"{statistics.median(evaluated):.0f}, of a prompt of {prompt:,} tokens")
    return Panel(
        Group(
            keys,
            Text(),
            Text(
                "Tokens that went through the model at each keystroke; the others were in its "
                "cache.\n0 where the text went along a suggestion and the model was not asked.",
                "dim",
            ),
        ),
        title="[bold]typing on[/]",
        title_align="left",
        border_style="dim",
    )


def summary(shown: Sequence[Shown], console: Console) -> None:
    """One line of figures over all cases."""
    n = len(shown)
    exact = sum(one.exact for one in shown)
    retrieved = sum(bool(one.suggestion.gate.get("retrieved")) for one in shown)
    similar = statistics.mean(one.similarity for one in shown)
    ms = statistics.median(one.suggestion.ms for one in shown)
    console.print(
        f"[bold]{exact} of {n} exact[/], {similar:.0%} similar on average, "
        f"retrieved at {retrieved} of {n}, {ms:.0f} ms in the median."
    )


def picture(console: Console) -> str:
    """The output of the console, as an SVG that loads nothing from elsewhere."""
    return re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="make demo"), flags=re.DOTALL)
