/** Code that lies in the workspace, which `PYTHONPATH` names as well, never runs. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";

import { REST, UNFINISHED } from "../support/samples.ts";
import { Workbench } from "../support/workbench.ts";

let code: Workbench;

/** Modules that are imported on the way to the server, which a project may well have too. */
const NAMES = ["json", "logging", "numpy", "sidelong", "types"];

/** Leaves a file beside itself when it is imported. */
const TRAP = 'open(__file__ + ".ran", "w")\n';

before(async () => {
  const traps = NAMES.map((name) => [`${name}.py`, TRAP]);
  const files = Object.fromEntries([["a.py", UNFINISHED], ...traps]) as Record<string, string>;
  code = await Workbench.start({ files, pythonPath: true });
});

after(async () => {
  await code.stop();
});

test("neither the server nor the doctor imports a module of the workspace", async () => {
  await code.expectStatus(/ready/);
  await code.open("a.py");
  await code.type(".");
  await code.expectSuggestion(REST);
  await code.command("sidelong: Check the Installation (doctor)");
  await code.page
    .locator(".panel .view-lines")
    .getByText(/watcher/) // The last of the findings: the log shows its end.
    .first()
    .waitFor();
  assert.deepEqual(
    readdirSync(code.server.folder).filter((name) => name.endsWith(".ran")),
    [],
  );
});
