/** "Why this suggestion?", and why none. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { REST, UNFINISHED } from "../support/samples.ts";
import { Workbench } from "../support/workbench.ts";

let code: Workbench;

const NEVER_SURE = { "sidelong.minProbability": 1 };

before(async () => {
  code = await Workbench.start({
    files: {
      "one/shown.py": UNFINISHED,
      "one/off.py": UNFINISHED,
      "two/silent.py": UNFINISHED,
      "two/.vscode/settings.json": JSON.stringify(NEVER_SURE),
      "two.code-workspace": JSON.stringify({ folders: [{ path: "one" }, { path: "two" }] }),
    },
    workspace: "two.code-workspace",
    settings: { "sidelong.languages": { markdown: false } },
  });
  await code.expectStatus(/ready/);
  await code.open("one/shown.py");
  await code.command("sidelong: Why This Suggestion?");
});

after(async () => {
  await code.stop();
});

test("the panel follows what happens", async () => {
  await code.open("one/shown.py");
  await code.type(".");
  await code.expectSuggestion(REST);
  const text = await code.panelText(/A suggestion was shown\./);
  assert.match(text, /probability [\d.]+ %/);
  assert.match(text, /threshold [\d.]+ %/);
  await code.type("wid");
  await code.panelText(/typed along/);
  await code.screenshot("explain-bar");
  await code.press("Escape");
});

test("where nothing came the panel says why, and asked by hand it comes", async () => {
  await code.open("two/silent.py");
  await code.type(".");
  await code.panelText(
    /was not sure enough to suggest something\.[^]*only [\d.]+ % probable, less than sidelong\.minProbability asks for/,
  );
  await code.screenshot("explain-silence");
  await code.expectNoGhostText();
  await code.press("Control+Alt+Space");
  await code.expectSuggestion(REST);
  await code.press("Escape");
});

test("a place where suggestions are off says so, in the status bar and in the panel", async () => {
  await code.command("sidelong: Turn On or Off for This Language");
  await code.expectStatus(/off: Off here: .*python/);
  await code.open("one/off.py");
  await code.type(".");
  await code.panelText(/Suggestions are off here\.[^]*sidelong\.languages switches python off/);
  await code.screenshot("off-here");
  await code.expectNoGhostText();
});
