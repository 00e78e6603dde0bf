/**
 * The pictures of README.md: `screenshots.sh` copies them from here.
 * Look at them first: the tests only want that the default model suggests something here, unasked.
 */

import { after, before, test } from "node:test";

import { Workbench } from "../support/workbench.ts";

let code: Workbench;

const SHAPES = `from dataclasses import dataclass


@dataclass(frozen=True)
class Rectangle:
    width: float
    height: float

    def area(self) -> float:
        return self.width * self.height


def ratio(shape: Rectangle) -> float:
    return shape.width / shape.height


def slope(shape: Rectangle) -> float:
    return shape.width / shape.height
`;

const DRAWING = `from shapes import Rectangle


class Canvas:
    def __init__(self):
        self.shapes: list[Rectangle] = []

    def draw(self, shape: Rectangle):
        self.shapes.append(shape)


def aspect(shape: Rectangle) -> float:
    return shape`;

const WINDOW = { x: 352, y: 36, width: 844 };

before(async () => {
  code = await Workbench.start({
    files: { "shapes.py": SHAPES, "drawing.py": DRAWING },
    // As everybody has it.
    settings: { "sidelong.minProbability": 0.02 },
  });
  await code.expectStatus(/ready/);
});

after(async () => {
  await code.stop();
});

test("ghost text, explanation and menu can be shown", async () => {
  await code.open("drawing.py");
  await code.command("sidelong: Why This Suggestion?");
  await code.panelText(/Nothing has been asked yet/);
  await code.open("drawing.py");
  await code.type(".");
  await code.expectOtherSuggestion("");
  await code.panelText(/A suggestion was shown/);
  await code.screenshot("readme-explain", { ...WINDOW, height: 594 });
  await code.screenshot("readme-ghost-text", { ...WINDOW, width: 421, height: 312 });
  await code.page.locator('[id="sidelong.sidelong.sidelong"] a').click();
  await code.page.locator(".quick-input-list .monaco-list-row").first().waitFor();
  await code.screenshot("readme-menu", { x: 290, y: 0, width: 640, height: 330 });
});
