"""The parts of every page: the document, facts, tables, figures, numbers.

Arguments are text and are escaped here, unless a docstring says that they are HTML.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from html import escape

from sidelong.evaluation.metrics import Interval
from sidelong.evaluation.report.style import SHEET


def document(title: str, *body: str) -> str:
    """A whole page under its title; `body` is HTML."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{SHEET}</style></head>"
        f"<body><h1>{escape(title)}</h1>{''.join(body)}</body></html>\n"
    )


def facts(facts: Mapping[str, str]) -> str:
    """Names and values in a line."""
    pairs = (f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    return f"<dl>{''.join(pairs)}</dl>"


def figure(picture: str, caption: str) -> str:
    """A picture, which is HTML, with its caption."""
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are HTML already."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    lines = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{lines}</table></div>'


def interval(value: Interval) -> str:
    """A mean in percent with its interval; a dash for a mean of nothing."""
    if math.isnan(value.mean):
        return "–"
    return f"{100 * value.mean:.1f}<small>{100 * value.low:.0f}–{100 * value.high:.0f}</small>"
