"""Pictures of a user's screen, drawn from the cells that Neovim reports; the documents show them.

They are kept in .cache/editors/nvim/pictures; copy them from there once you have looked at them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

Start = Callable[..., Any]

PICTURES = Path(__file__).parents[3] / ".cache/editors/nvim/pictures"
WIDTH, HEIGHT = 8.4, 18
"""Of a character, in pixels."""

SHAPES = """\
class Circle:
    def __init__(self, centre, radius):
        self.centre = centre
        self.radius = radius

    def moved(self, dx, dy):
        centre = Point(self.centre.x + dx, self.centre.y + dy)
        return Circle(centre, self.radius)
"""

SQUARE = '''\
from shapes import Point


class Square:
    """Four sides of one length."""

    def __init__(self, centre, side):
        self.centre = centre
        self.side = side

    def moved(self, dx, dy):
        $0
'''

RECTANGLE = """\
class Rectangle:
    width: float
    height: float

    def area(self):
        return self.width * self.height


def ratio(shape: Rectangle):
    return shape.width / shape.height


def slope(shape: Rectangle):
    return shape.width / shape.height
"""

CANVAS = """\
from shapes import Rectangle


class Canvas:
    def __init__(self):
        self.shapes = []

    def draw(self, shape: Rectangle):
        self.shapes.append(shape)


def aspect(shape: Rectangle):
    return shape$0
"""


def _ignore(*_: object) -> None:
    """For events that change no cell."""


class Grid:
    """The screen's cells, from Neovim's `redraw` events (`:help ui-linegrid`)."""

    def __init__(self, events: Sequence[Any]) -> None:
        self.cells: list[list[tuple[str, int]]] = []
        self.styles: dict[int, dict[str, Any]] = {}
        self.cursor = (0, 0)
        self.colours = {"foreground": 0xE0E2EA, "background": 0x14161B}
        for name, *calls in events:
            handle: Callable[..., None] = getattr(self, f"on_{name}", _ignore)
            for call in calls:
                handle(*call)

    def on_default_colors_set(self, foreground: int, background: int, *_: object) -> None:
        self.colours = {"foreground": foreground, "background": background}

    def on_hl_attr_define(self, number: int, style: dict[str, Any], *_: object) -> None:
        self.styles[number] = style

    def on_grid_resize(self, _: int, width: int, height: int) -> None:
        self.cells = [[(" ", 0)] * width for _ in range(height)]

    def on_grid_clear(self, _: int) -> None:
        self.cells = [[(" ", 0)] * len(row) for row in self.cells]

    def on_grid_cursor_goto(self, _: int, row: int, column: int) -> None:
        self.cursor = (row, column)

    def on_grid_line(self, _: int, row: int, column: int, cells: list[Any], *__: object) -> None:
        style = 0
        for text, *more in cells:
            style = more[0] if more else style
            for _ in range(more[1] if len(more) > 1 else 1):
                self.cells[row][column] = (text, style)
                column += 1

    def on_grid_scroll(
        self, _: int, top: int, bottom: int, left: int, right: int, rows: int, *__: object
    ) -> None:
        moves = range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
        for row in moves:
            self.cells[row][left:right] = self.cells[row + rows][left:right]

    def colour(self, style: int, name: str) -> str:
        """A colour of a style, as SVG wants it."""
        given = self.styles.get(style, {})
        if given.get("reverse"):
            name = "background" if name == "foreground" else "foreground"
        return f"#{given.get(name, self.colours[name]):06x}"

    def runs(self, row: int) -> Iterator[tuple[int, str, int]]:
        """The row in pieces of one style: column, text, style."""
        column = 0
        for style, cells in groupby(self.cells[row], key=lambda cell: cell[1]):
            texts = [text for text, _ in cells]
            yield column, "".join(texts), style
            column += len(texts)

    def to_svg(self, *, rows: int, columns: int) -> str:
        """The upper left part of the screen."""
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" '
            f'viewBox="0 0 {columns * WIDTH + 20:.0f} {rows * HEIGHT + 20}" '
            'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">',
            f'<rect width="100%" height="100%" rx="6" fill="{self.colour(0, "background")}"/>',
        ]
        for row in range(rows):
            y = row * HEIGHT + 10
            for column, text, style in self.runs(row):
                text = text[: max(0, columns - column)]
                x, width = column * WIDTH + 10, len(text) * WIDTH
                if (fill := self.colour(style, "background")) != self.colour(0, "background"):
                    parts.append(
                        f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{HEIGHT}"'
                        f' fill="{fill}"/>'
                    )
                if text.strip():
                    parts.append(
                        f'<text x="{x:.1f}" y="{y + 14}" xml:space="preserve"'
                        f' textLength="{width:.1f}" fill="{self.colour(style, "foreground")}">'
                        f"{escape(text)}</text>"
                    )
        x, y = self.cursor[1] * WIDTH + 10, self.cursor[0] * HEIGHT + 10
        cursor = self.colour(0, "foreground")
        parts.append(f'<rect x="{x:.1f}" y="{y}" width="2" height="{HEIGHT}" fill="{cursor}"/>')
        return "\n".join([*parts, "</svg>\n"])


def draw(nvim: Any, name: str, *, rows: int, columns: int = 90) -> str:
    assert nvim.screen
    svg = Grid(nvim.rpc.redraws).to_svg(rows=rows, columns=columns)
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / f"{name}.svg").write_text(svg, encoding="utf-8")
    return svg


def test_a_suggestion_an_alternative_and_how_they_came_about(start: Start) -> None:
    nvim = start(settings={"minProbability": 0, "retrieval": {"mode": "always"}})
    nvim.rpc.call("nvim_ui_try_resize", 90, 25)
    nvim.command(r"set cmdheight=1 laststatus=2 statusline=\ %t")
    nvim.write("shapes.py", SHAPES)
    nvim.edit("square.py", SQUARE)
    nvim.until_indexed()
    nvim.insert("centre = Po")
    nvim.until_ghost()
    ghost = nvim.ghost.split("\n")[0]
    suggested = draw(nvim, "suggestion", rows=14)
    assert escape(ghost) in suggested
    nvim.command("stopinsert")
    nvim.command("Sidelong explain")
    nvim.until(lambda: nvim.lua("return vim.bo.filetype") == "sidelong-explain")
    explained = draw(nvim, "explain", rows=24)
    assert "Other files were read" in explained
    assert "shapes.py:1" in explained
    nvim.command("close")
    nvim.type("A")
    nvim.until(lambda: nvim.ghost.split("\n")[0] == ghost)
    nvim.type("<M-]>")
    nvim.until(lambda: nvim.ghost.split("\n")[0] not in ("", ghost))
    assert "(2/" in draw(nvim, "alternative", rows=14)


def test_the_picture_of_the_readme_is_drawn_with_the_settings_everybody_has(start: Start) -> None:
    nvim = start()
    nvim.rpc.call("nvim_ui_try_resize", 84, 18)
    nvim.command(r"set cmdheight=1 laststatus=2 statusline=\ %t splitright")
    shapes = nvim.write("shapes.py", RECTANGLE)
    nvim.edit("canvas.py", CANVAS)
    nvim.command(f"vsplit {shapes}")
    nvim.command("wincmd p")
    nvim.until_indexed()
    nvim.insert(".")
    nvim.until_ghost()
    ghost = nvim.ghost.split("\n")[0]
    assert escape(ghost) in draw(nvim, "readme", rows=17, columns=84)
    assert any("shapes.py:1" in line for line in nvim.explain()), "the other file was not found"
