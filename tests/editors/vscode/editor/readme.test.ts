/** The pictures of README.md: `screenshots.sh` copies them from here. */

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

    def scaled(self, factor: float) -> "Rectangle":
        return Rectangle(width=self.width * factor, height=self.height * factor)


def larger(shape: Rectangle) -> Rectangle:
    return shape.scaled(factor=2.0)
`;

const DRAWING = `from shapes import Rectangle


def smaller(shape: Rectangle) -> Rectangle:
    return shape.scaled(factor=0.5)


def twice(shape: Rectangle) -> Rectangle:
    return shape.scaled(factor=2.0)


def thrice(shape: Rectangle) -> Rectangle:
    return shape`;

const WINDOW = { x: 352, y: 36, width: 844 };

before(async () => {
  code = await Workbench.start({
    files: { "shapes.py": SHAPES, "drawing.py": DRAWING },
    settings: { "sidelong.retrieval.threshold": 0 },
  });
  await code.expectStatus(/ready/);
});

after(async () => {
  await code.stop();
});

test("ghost text, explanation and menu can be shown", async () => {
  await code.open("drawing.py");
  await code.type(".");
  await code.expectGhostText(/^scaled\(factor/);
  await code.screenshot("readme-ghost-text", { ...WINDOW, height: 330 });
  await code.command("sidelong: Why This Suggestion?");
  await code.panelText(/shapes\.py:\d+/);
  await code.screenshot("readme-explain", { ...WINDOW, height: 660 });
  await code.page.locator('[id="sidelong.sidelong.sidelong"] a').click();
  await code.page.locator(".quick-input-list .monaco-list-row").first().waitFor();
  await code.screenshot("readme-menu", { x: 290, y: 0, width: 640, height: 330 });
});
