"""Just enough SVG for charts: elements, axes, and a frame that turns values into coordinates.

The page's style sheet sets colours and fonts by class.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape


def element(name: str, content: str = "", **attributes: object) -> str:
    """`<name a="b">content</name>`; `class_` is `class`, and `_` in names is `-`.

    Attribute values are escaped, content is not.
    """
    spelled = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_number(value))}"'
        for key, value in attributes.items()
    )
    return f"<{name}{spelled}>{content}</{name}>" if content else f"<{name}{spelled}/>"


def text(said: str, x: float, y: float, *, class_: str = "", anchor: str = "start") -> str:
    """A line of text at a point; escaped."""
    return element("text", escape(said), x=x, y=y, class_=class_, text_anchor=anchor)


def tip(said: str) -> str:
    """The text that a browser shows while the pointer rests on the element around it."""
    return element("title", escape(said))


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def circle(x: float, y: float, r: float, class_: str, said: str = "") -> str:
    """A dot, with a tip."""
    return element("circle", tip(said) if said else "", cx=x, cy=y, r=r, class_=class_)


def rectangle(x: float, y: float, width: float, height: float, class_: str, said: str = "") -> str:
    """A box, with a tip."""
    content = tip(said) if said else ""
    return element("rect", content, x=x, y=y, width=width, height=height, class_=class_)


def polyline(points: Iterable[tuple[float, float]], class_: str) -> str:
    """A line through points."""
    spelled = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
    return element("polyline", points=spelled, class_=class_)


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)


@dataclass(frozen=True)
class Axis:
    """A range of values with round marks in it."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    show: Callable[[float], str]


def axis(
    label: str, values: Sequence[float], *, show: Callable[[float], str], n_ticks: int = 5
) -> Axis:
    """An axis from a round value below all of `values` to one above."""
    low, high = min(values), max(values)
    step = _round_step((high - low) / n_ticks or abs(high) / n_ticks or 1.0)
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        last += 1
    ticks = tuple(i * step for i in range(first, last + 1))
    return Axis(label, ticks[0], ticks[-1], ticks, show)


def _round_step(step: float) -> float:
    """The next of 1, 2, 5, 10 … times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)


@dataclass(frozen=True)
class Frame:
    """A picture of `width` by `height`, and the coordinates of values in it."""

    x: Axis
    y: Axis
    width: int = 520
    height: int = 340
    left: int = 58
    right: int = 18
    top: int = 14
    bottom: int = 44

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The coordinates of a point."""
        return self.at_x(x), self.at_y(y)

    def at_x(self, x: float) -> float:
        """The coordinate of a value on the horizontal axis."""
        share = (x - self.x.low) / (self.x.high - self.x.low)
        return self.left + share * (self.width - self.left - self.right)

    def at_y(self, y: float) -> float:
        """The coordinate of a value on the vertical axis."""
        share = (y - self.y.low) / (self.y.high - self.y.low)
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)

    def draw(self, *marks: str, label: str) -> str:
        """The picture: the grid, the axes with their names, and the marks."""
        return picture(
            self._grid() + "".join(marks), width=self.width, height=self.height, label=label
        )

    def _grid(self) -> str:
        floor, end = self.height - self.bottom, self.width - self.right
        parts = []
        for tick in self.x.ticks:
            x = self.at_x(tick)
            parts.append(line(x, self.top, x, floor, "grid"))
            parts.append(text(self.x.show(tick), x, floor + 16, class_="tick", anchor="middle"))
        for tick in self.y.ticks:
            y = self.at_y(tick)
            parts.append(line(self.left, y, end, y, "grid"))
            parts.append(text(self.y.show(tick), self.left - 7, y + 4, class_="tick", anchor="end"))
        middle = (self.left + end) / 2
        parts.append(text(self.x.label, middle, self.height - 8, class_="name", anchor="middle"))
        across = (self.top + floor) / 2
        parts.append(
            element(
                "text",
                escape(self.y.label),
                class_="name",
                text_anchor="middle",
                transform=f"translate(14 {across:.0f}) rotate(-90)",
            )
        )
        return "".join(parts)


def picture(content: str, *, width: int, height: int, label: str) -> str:
    """An inline SVG that scales with the page; `label` is read out to those who cannot see it."""
    return element(
        "svg",
        content,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=label,
    )
