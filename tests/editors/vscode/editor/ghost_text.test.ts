/** Ghost text as a person meets it: it comes, it is taken in parts or whole, it goes. */

import { after, before, test } from "node:test";

import { REST, REST_OF_DOOR, UNFINISHED, UNFINISHED_DOOR } from "../support/samples.ts";
import { Workbench } from "../support/workbench.ts";

let code: Workbench;

const FILES = ["type", "along", "differ", "whole", "word", "dismiss", "undo"];

before(async () => {
  const files = FILES.map((name) => [`${name}.py`, UNFINISHED]);
  const doors = ["lines", "line"].map((name) => [`${name}.py`, UNFINISHED_DOOR]);
  code = await Workbench.start({
    files: Object.fromEntries([...files, ...doors]) as Record<string, string>,
  });
  await code.expectStatus(/ready/);
});

after(async () => {
  await code.stop();
});

/** Open a file of its own and type the "." after which everything is known. */
async function suggestion(name: string, rest = REST): Promise<string> {
  const file = `${name}.py`;
  await code.open(file);
  await code.type(".");
  await code.expectGhostText(rest);
  return file;
}

test("typing shows ghost text", async () => {
  await suggestion("type");
  await code.screenshot("ghost-text");
});

test("a suggestion can have several lines", async () => {
  const file = await suggestion("lines", REST_OF_DOOR);
  await code.screenshot("several-lines");
  await code.press("Tab");
  await code.expectSaved(file, `${UNFINISHED_DOOR}.${REST_OF_DOOR}`);
});

test("typing along keeps the rest of the suggestion", async () => {
  await suggestion("along");
  await code.type("wid");
  await code.expectGhostText(REST.slice("wid".length));
  await code.type("th * ");
  await code.expectGhostText(REST.slice("width * ".length));
  await code.screenshot("typed-along");
});

test("typing something else takes the suggestion away", async () => {
  await suggestion("differ");
  await code.type("x");
  await code.expectGhostText(/^(?!.*dth \* shape)/);
});

test("Tab accepts the whole suggestion", async () => {
  const file = await suggestion("whole");
  await code.press("Tab");
  await code.expectSaved(file, `${UNFINISHED}.${REST}`);
});

test("a word is accepted by itself and the rest stays", async () => {
  const file = await suggestion("word");
  await code.press("Control+ArrowRight");
  await code.expectGhostText(REST.slice("width".length));
  await code.screenshot("word-accepted");
  await code.press("Escape");
  await code.expectSaved(file, `${UNFINISHED}.width`);
});

test("a line is accepted by itself and the rest stays", async () => {
  const file = await suggestion("line", REST_OF_DOOR);
  await code.press("Control+Alt+ArrowDown");
  await code.expectGhostText(/^\s*return$/);
  await code.screenshot("line-accepted");
  await code.press("Escape");
  await code.expectSaved(file, new RegExp(`door\\.open\\(\\)\\s*$`));
});

test("Escape dismisses the suggestion and leaves the text", async () => {
  const file = await suggestion("dismiss");
  await code.press("Escape");
  await code.expectNoGhostText();
  await code.expectSaved(file, `${UNFINISHED}.`);
});

test("one undo takes an accepted suggestion back", async () => {
  const file = await suggestion("undo");
  await code.press("Tab");
  await code.expectSaved(file, `${UNFINISHED}.${REST}`);
  await code.press("Control+KeyZ");
  await code.expectSaved(file, `${UNFINISHED}.`);
});
