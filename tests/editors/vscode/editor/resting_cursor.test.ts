/** The server is told where the cursor rests, once, and not where a suggestion is asked for. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { REST, UNFINISHED } from "../support/samples.ts";
import { Workbench } from "../support/workbench.ts";

let code: Workbench;

/** Several times as long as a cursor has to rest. */
const LONG_MS = 2_000;

before(async () => {
  code = await Workbench.start({
    files: { "a.py": UNFINISHED, "b.py": UNFINISHED },
    settings: { "sidelong.trace.server": "messages" },
  });
  await code.expectStatus(/ready/);
});

after(async () => {
  await code.stop();
});

/** How often the server was told so far, once the cursor has rested. */
async function told(): Promise<number> {
  await sleep(LONG_MS);
  return code.server.trace().match(/Sending notification 'sidelong\/didMoveCursor'/g)?.length ?? 0;
}

test("an opened file is told, once while the cursor rests", async () => {
  const before = await told();
  await code.open("a.py");
  const opened = await told();
  assert.ok(opened > before);
  assert.equal(await told(), opened);
  assert.match(code.server.log(), /a\.py: read ahead, tokens \d+ evaluated/);
});

test("of a cursor that moves on, the place is told where it stays", async () => {
  const before = await told();
  await code.press("ArrowUp", "ArrowUp", "ArrowDown");
  assert.equal(await told(), before + 1);
  await code.press("ArrowLeft", "ArrowRight");
  assert.equal(await told(), before + 1);
});

test("the place in a file is told again when it is shown again", async () => {
  await code.open("b.py");
  const before = await told();
  await code.press("Control+PageUp");
  assert.equal(await told(), before + 1);
  await code.press("Control+PageDown");
  assert.equal(await told(), before + 2);
});

test("while one types the requests for suggestions tell enough", async () => {
  await code.open("b.py");
  const before = await told();
  await code.type(".");
  await code.expectSuggestion(REST);
  await code.type("wid");
  assert.equal(await told(), before);
});
