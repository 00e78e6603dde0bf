/** Ghost text as a person meets it: it comes, it is taken in parts or whole, it goes. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { REST, REST_OF_DOOR, UNDECIDED, UNFINISHED, UNFINISHED_DOOR } from "../support/samples.ts";
import { Workbench } from "../support/workbench.ts";

let code: Workbench;

const FILES = ["type", "along", "differ", "whole", "word", "dismiss", "undo"];

before(async () => {
  const files = FILES.map((name) => [`${name}.py`, UNFINISHED]);
  const doors = ["lines", "line"].map((name) => [`${name}.py`, UNFINISHED_DOOR]);
  code = await Workbench.start({
    files: {
      ...(Object.fromEntries([...files, ...doors]) as Record<string, string>),
      "cycle.py": UNDECIDED,
    },
  });
  await code.expectStatus(/ready/);
});

after(async () => {
  await code.stop();
});

/** Open a file of its own and type the "." after which the suggestion's start is known. */
async function suggestion(file: string, start = REST): Promise<string> {
  await code.open(file);
  await code.type(".");
  return await code.expectSuggestion(start);
}

test("typing shows ghost text", async () => {
  await suggestion("type.py");
  await code.screenshot("ghost-text");
});

test("a suggestion can have several lines", async () => {
  const shown = await suggestion("lines.py", REST_OF_DOOR);
  await code.screenshot("several-lines");
  await code.press("Tab");
  await code.expectSaved("lines.py", `${UNFINISHED_DOOR}.${shown}`);
});

test("typing along keeps the rest of the suggestion", async () => {
  const shown = await suggestion("along.py");
  await code.type("wid");
  await code.expectGhostText(shown.slice("wid".length));
  await code.type("th * ");
  await code.expectGhostText(shown.slice("width * ".length));
  await code.screenshot("typed-along");
});

test("typing something else takes the suggestion away", async () => {
  await suggestion("differ.py");
  await code.type("x");
  await code.expectGhostText(/^(?!.*idth \* shape)/);
});

test("Tab accepts the whole suggestion", async () => {
  const shown = await suggestion("whole.py");
  await code.press("Tab");
  await code.expectSaved("whole.py", `${UNFINISHED}.${shown}`);
});

test("a word is accepted by itself and the rest stays", async () => {
  const shown = await suggestion("word.py");
  await code.press("Control+ArrowRight");
  await code.expectGhostText(shown.slice("width".length));
  await code.screenshot("word-accepted");
  await code.press("Escape");
  await code.expectSaved("word.py", `${UNFINISHED}.width`);
});

test("a line is accepted by itself and the rest stays", async () => {
  const shown = await suggestion("line.py", REST_OF_DOOR);
  await code.press("Control+Alt+ArrowDown");
  const rest = await code.expectGhostText(/^\s*slowly/);
  assert.ok(shown.endsWith(rest.trimStart()), `${rest} is no rest of ${shown}`);
  await code.screenshot("line-accepted");
  await code.press("Escape");
  await code.expectSaved("line.py", /\(door\):\n {4}door\.open\(\s*$/);
});

test("Escape dismisses the suggestion and leaves the text", async () => {
  await suggestion("dismiss.py");
  await code.press("Escape");
  await code.expectNoGhostText();
  await code.expectSaved("dismiss.py", `${UNFINISHED}.`);
});

test("one undo takes an accepted suggestion back", async () => {
  const shown = await suggestion("undo.py");
  await code.press("Tab");
  await code.expectSaved("undo.py", `${UNFINISHED}.${shown}`);
  await code.press("Control+KeyZ");
  await code.expectSaved("undo.py", `${UNFINISHED}.`);
});

test("asked by hand there are others to go through, and what is seen is what is taken", async () => {
  const first = await suggestion("cycle.py", "width");
  await code.press("Control+Alt+Space");
  await code.press("Alt+BracketRight");
  const second = await code.expectOtherSuggestion(first);
  await code.screenshot("cycled");
  await code.press("Alt+BracketLeft");
  await code.expectGhostText(first);
  await code.press("Alt+BracketRight");
  await code.expectGhostText(second);
  await code.press("Tab");
  await code.expectSaved("cycle.py", `${UNDECIDED}.${second}`);
});
