/** Places where a suggestion easily goes wrong: before brackets, within lines, behind emoji. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { above, REST } from "../support/samples.ts";
import { Workbench } from "../support/workbench.ts";

let code: Workbench;

const BRACKET = above("def fifth(shape):\n    total = shape.width * shape.height\n    log");
const WITHIN = above("def fifth(shape):\n    total = shape  # in metres\n    return total\n");
const EMOJI = above('def fifth(shape):\n    fox = "🦊👩‍👩‍👧"; total = shape');
const WINDOWS = above("def fifth(shape):\n    total = shape").replaceAll("\n", "\r\n");

before(async () => {
  code = await Workbench.start({
    files: {
      "bracket.py": BRACKET,
      "within.py": WITHIN,
      "emoji.py": EMOJI,
      "windows.py": WINDOWS,
      "selected.py": above("def fifth(shape):\n    total = shape"),
    },
    settings: { "editor.wordBasedSuggestions": "currentDocument" },
  });
  await code.expectStatus(/ready/);
});

after(async () => {
  await code.stop();
});

test("a bracket that stands already is not doubled", async () => {
  await code.open("bracket.py");
  // VS Code closes the bracket itself: the cursor stands between "(" and ")".
  await code.type(".info(");
  await code.expectSuggestion('"area is %s", total');
  await code.screenshot("duplicate-bracket");
  await code.press("Tab");
  await code.expectSaved(
    "bracket.py",
    new RegExp(`^${RegExp.escape(BRACKET)}\\.info\\("area is %s", total\\)(\n|$)`),
  );
});

test("a suggestion in the middle of a line leaves what follows as it is", async () => {
  await code.open("within.py", "def fifth(shape):\n    total = shape");
  await code.type(".");
  const seen = await code.expectSuggestion(REST);
  await code.screenshot("middle-of-a-line");
  assert.ok(!seen.includes("\n"), `it has several lines: ${seen}`);
  await code.press("Tab");
  await code.expectSaved("within.py", WITHIN.replace("shape  #", `shape.${seen}  #`));
});

test("behind emoji a suggestion stands and goes where it belongs", async () => {
  await code.open("emoji.py");
  await code.type(".");
  const shown = await code.expectSuggestion(REST);
  await code.screenshot("emoji");
  await code.press("Tab");
  await code.expectSaved("emoji.py", `${EMOJI}.${shown}`);
});

test("a file with Windows line ends keeps them", async () => {
  await code.open("windows.py");
  await code.type(".");
  const shown = await code.expectSuggestion(REST);
  await code.press("Tab");
  await code.expectSaved("windows.py", `${WINDOWS}.${shown}`.replaceAll(/\r?\n/g, "\r\n"));
});

test("beside the suggest widget the ghost text goes with the selected item", async () => {
  await code.open("selected.py");
  await code.type(".wid");
  await code.expectSuggestion(REST.slice("wid".length));
  await code.press("Control+Space");
  await code.page.locator(".suggest-widget .monaco-list-row", { hasText: "width" }).waitFor();
  await code.expectGhostText(/ \* shape\.height/);
  await code.screenshot("suggest-widget");
  await code.press("Escape", "Tab");
  await code.expectSaved(
    "selected.py",
    /fifth\(shape\):\n {4}total = shape\.width \* shape\.height/,
  );
});
