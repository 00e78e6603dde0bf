"""The report's page: one file, no script, everything escaped, the points where they belong."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from sidelong.cli.compare import charts as comparison_charts
from sidelong.cli.compare import page as comparison_page
from sidelong.cli.compare.findings import compare, plug_in
from sidelong.evaluation.report import cases, charts, page, svg
from sidelong.evaluation.run import Trial
from sidelong.evaluation.summary import summarise

if TYPE_CHECKING:
    from tests.evaluation.conftest import NewTrial


@pytest.fixture
def trials(trial: NewTrial) -> list[Trial]:
    return [
        trial("<wrong>", "right", p=0.9, ms=(10, 40)),
        trial("right", "no & no", p=0.6, ms=(12, 50)),
        trial("same", "same", p=0.1),
    ]


def render(trials: list[Trial], partial: str = "") -> str:
    facts = {"model": "a<b>.gguf"}
    return page.render(summarise(trials), trials, title="shop & co", facts=facts, partial=partial)


def pictures(html: str) -> list[ET.Element]:
    return [ET.fromstring(found) for found in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]


class Tags(HTMLParser):
    """Every tag in order, and whether all that were opened were closed."""

    VOID = frozenset({"meta", "br", "hr", "img", "link", "input"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.stack: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(trials: list[Trial]) -> None:
    html = render(trials)
    tags = Tags(html)
    assert tags.stack == []
    assert not tags.seen & {"script", "link", "img", "iframe", "object"}
    assert not tags.attributes & {"src", "href", "onclick", "onload"}
    assert "url(" not in html
    assert "http" not in html


def test_what_comes_from_the_workspace_is_escaped(trials: list[Trial]) -> None:
    html = render(trials)
    assert "shop &amp; co" in html
    assert "a&lt;b&gt;.gguf" in html
    assert "def &lt;till&gt;():" in html
    assert "<till>" not in html
    assert "<wrong>" not in html


def test_a_partial_report_says_so(trials: list[Trial]) -> None:
    assert "only 3 of 9" in render(trials, partial="only 3 of 9")
    assert 'class="partial"' not in render(trials)


def test_never_and_always_are_marked_at_what_they_cost(trials: list[Trial]) -> None:
    (chart,) = pictures(charts.accuracy_latency(summarise(trials)))
    marks = [(mark.get("class"), float(mark.get("cx", "0"))) for mark in chart.iter("circle")]
    places = dict(marks)
    assert places["mode never"] < places["mode threshold"] < places["mode always"]
    sweep = [x for name, x in marks if name == "sweep"]
    assert (sweep[-1], sweep[0]) == (places["mode never"], places["mode always"])


def test_the_reliability_diagram_counts_every_blank(trials: list[Trial]) -> None:
    gating = summarise(trials).gating
    assert gating is not None
    (chart,) = pictures(charts.reliability_diagram(gating))
    said = [title.text or "" for title in chart.iter("title")]
    assert sum("1 of 3 blanks" in tip for tip in said) == 3


def test_the_latency_chart_has_a_dot_per_completion(trials: list[Trial]) -> None:
    (chart,) = pictures(charts.latency_distribution(trials))
    dots = [mark for mark in chart.iter("circle") if "dot" in mark.get("class", "")]
    assert len(dots) == 3 * 4


def test_best_and_worst_are_where_retrieval_made_a_difference(trials: list[Trial]) -> None:
    assert cases.best(trials, 4) == [trials[0]]
    assert cases.worst(trials, 4) == [trials[1]]


def test_a_case_shows_both_completions_and_the_chunk(trials: list[Trial]) -> None:
    html = cases.article(trials[0])
    assert "shop/cart.py:1" in html
    assert "without retrieval: edit similarity" in html
    assert "with retrieval: exact" in html
    assert "shop/till.py:3-4" in html


def test_what_differs_is_marked(trial: NewTrial) -> None:
    assert "r<mark>X</mark>ght" in cases.article(trial("rXght", "right"))


def test_a_model_without_the_token_has_no_reliability(trial: NewTrial) -> None:
    html = render([trial("a", "b", p=None)])
    assert "Reliability" not in html
    assert len(pictures(html)) == 4 + 2


def test_one_blank_makes_a_page(trial: NewTrial) -> None:
    assert len(pictures(render([trial("right", "right", ms=(0, 0))]))) == 4 + 3


def compared(old: list[Trial], new: list[Trial], partial: str = "") -> str:
    return comparison_page.render(
        compare(old, new),
        old,
        new,
        plug_ins={"old": (), "new": plug_in(new, None)},
        title="shop & co",
        facts={"new": "a<b>.gguf"},
        partial=partial,
    )


def test_a_comparison_is_whole_and_needs_nothing_else(trials: list[Trial], trial: NewTrial) -> None:
    html = compared(trials, [trial("<right>", "<right>", p=0.3), *trials[1:]], partial="2 of 9")
    tags = Tags(html)
    assert tags.stack == []
    assert not tags.seen & {"script", "link", "img", "iframe", "object"}
    assert not tags.attributes & {"src", "href", "onclick", "onload"}
    assert "shop &amp; co" in html
    assert "a&lt;b&gt;.gguf" in html
    assert "<right>" not in html
    assert '<p class="partial">2 of 9</p>' in html
    assert len(pictures(html)) == 3


def test_a_comparison_shows_what_is_lost_and_what_is_won(
    trials: list[Trial], trial: NewTrial
) -> None:
    html = compared(
        [trial("right", p=0.1), trial("rong", p=0.1)], [trial("rXght", p=0.1), trial("right", p=0)]
    )
    lost, won = html[html.index("Lost:") :].split("Won:")
    assert "r<mark>X</mark>ght" in lost
    assert "new: edit similarity 80" in lost
    assert "old: edit similarity" in won
    same = compared(trials, trials)
    assert same.count("<p>Nothing.</p>") == 2


def test_differences_are_marked_beside_zero(trial: NewTrial) -> None:
    better = compare([trial("wrong", "right", p=0.1)], [trial("right", "wrong", p=0.1)])
    (chart,) = pictures(comparison_charts.differences(better))
    (zero,) = [float(m.get("x1", "0")) for m in chart.iter("line") if m.get("class") == "zero"]
    never, always, *_ = [float(m.get("cx", "0")) for m in chart.iter("circle")]
    assert always < zero < never


def test_rates_fall_from_always_to_never(trial: NewTrial) -> None:
    old, new = ([trial(p=p) for p in found] for found in ((0.2, 0.5, 0.6), (0.1, 0.3, 0.9)))
    thresholds = compare(old, new).thresholds
    assert thresholds is not None
    (chart,) = pictures(comparison_charts.retrieval_rates(old, new, thresholds))
    curves = {m.get("class"): m.get("points", "").split() for m in chart.iter("polyline")}
    assert set(curves) == {"old", "new"}
    for points in curves.values():
        heights = [float(point.split(",")[1]) for point in points]
        assert heights == sorted(heights)
        assert (heights[0], heights[-1]) == (14, 340 - 44)
    dots = [title.text for title in chart.iter("title")]
    assert dots == [
        "new at the old threshold: 0.4, retrieves in 33%",
        "new at the old rate: 0.2, retrieves in 67%",
    ]


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([3.0, 97.0], (0, 20, 40, 60, 80, 100)),
        ([50.0, 50.0], (50, 60)),
        ([0.0, 0.0], (0, 1)),
        ([-4.2, 3.1], (-6, -4, -2, 0, 2, 4)),
    ],
)
def test_axes_have_round_marks_around_all_values(values: list[float], ticks: tuple[float]) -> None:
    assert svg.axis("", values, show=str).ticks == pytest.approx(ticks)


def test_values_lie_where_the_axes_say() -> None:
    axis = svg.axis("", [0.0, 10.0], show=str)
    frame = svg.Frame(axis, axis, width=100, height=100, left=10, right=10, top=10, bottom=10)
    assert (frame.at(0, 0), frame.at(10, 10), frame.at(5, 5)) == ((10, 90), (90, 10), (50, 50))
