/** A server that crashes, is not installed, or is where the setting does not say. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { afterEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { places, ROOT } from "../support/places.ts";
import { serversOf } from "../support/processes.ts";
import { REST, UNFINISHED } from "../support/samples.ts";
import { Workbench } from "../support/workbench.ts";

const MODEL = path.join(ROOT, "server/sidelong/data/nano.gguf");

/** The mark of a step of the walkthrough that is done. */
const DONE = ".getting-started-step .codicon-getting-started-step-checked";

let code: Workbench | undefined;

afterEach(async () => {
  await code?.stop();
  code = undefined;
});

test("a server killed while a request runs is started again and says so once", async () => {
  code = await Workbench.start({ files: { "a.py": UNFINISHED, "b.py": UNFINISHED } });
  await code.expectStatus(/ready/);
  const [first = 0] = serversOf(code.server.home);
  await code.open("a.py");
  // Halted, it cannot answer before it is killed.
  process.kill(first, "SIGSTOP");
  await code.type(".");
  await sleep(500);
  process.kill(first, "SIGKILL");
  await code.expectNotification(/has stopped unexpectedly and is started again/);
  await code.screenshot("server-killed");
  await code.expectStatus(/ready/);

  const [second = 0] = serversOf(code.server.home);
  assert.notEqual(second, first);
  process.kill(second, "SIGKILL");
  await code.expectStatus(/restarting/);
  await code.expectStatus(/ready/);
  const told = (await code.notifications()).match(/stopped unexpectedly/g) ?? [];
  assert.equal(told.length, 1);
  await code.open("b.py");
  await code.type(".");
  await code.expectSuggestion(REST);
});

test("the server ends with the editor's window", async () => {
  code = await Workbench.start({ files: { "a.py": UNFINISHED } });
  await code.expectStatus(/ready/);
  assert.equal(serversOf(code.server.home).length, 1);
  await code.command("sidelong: Restart Server");
  await code.expectStatus(/starting|loading|ready/);
  await code.expectStatus(/ready/);
  await sleep(3_000);
  assert.equal(serversOf(code.server.home).length, 1, "the server before the restart still runs");
});

test("without a server one message shows how to install it, and then it is found", async () => {
  code = await Workbench.start({ files: { "a.py": UNFINISHED }, serverKnown: false });
  await code.expectNotification(/server of sidelong is not installed/);
  await code.expectStatus(/missing/);
  await code.screenshot("not-installed");
  await code.page.getByRole("button", { name: "How to Install" }).click();
  await code.page.getByText("Install the server").first().waitFor();
  await code.page.getByText("pipx install .").first().waitFor();
  assert.equal(await code.page.locator(DONE).count(), 0);
  await code.screenshot("how-to-install");

  const bin = path.join(code.server.home, ".local/bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(places().server, path.join(bin, "sidelong"));
  await code.page.getByRole("button", { name: "Look for it again" }).click();
  await code.expectStatus(/ready/);
  await code.page.locator(DONE).first().waitFor();
  await code.open("a.py");
  await code.type(".");
  await code.expectSuggestion(REST);
});

test("the server of the selected Python environment is found, if the workspace is trusted", async () => {
  const python = path.join(path.dirname(places().server), "python");
  const options = { files: { "a.py": UNFINISHED }, serverKnown: false, python };
  code = await Workbench.start(options);
  await code.expectStatus(/ready/);
  assert.equal(serversOf(code.server.home).length, 1);
  await code.stop();

  const settings = { "security.workspace.trust.startupPrompt": "never" };
  code = await Workbench.start({ ...options, settings, trusted: false });
  await code.expectNotification(/server of sidelong is not installed/);
});

test("a setting that names no program is told with the setting's name", async () => {
  code = await Workbench.start({
    files: { "a.py": UNFINISHED },
    settings: { "sidelong.server.path": "/nowhere/sidelong" },
  });
  await code.expectNotification(/sidelong\.server\.path names no program: \/nowhere\/sidelong/);
  await code.expectStatus(/missing/);
  await code.screenshot("server-path-wrong");
  await code.page.getByRole("button", { name: "Open Settings" }).click();
  await code.page.locator(".settings-editor").waitFor();
});

test("a model that is not there is an error that says so, and the right one needs no restart", async () => {
  code = await Workbench.start({
    files: { "a.py": UNFINISHED },
    settings: { "sidelong.model.path": "/nowhere/model.gguf" },
  });
  await code.expectStatus(/error: .*\/nowhere\/model\.gguf/);
  await code.expectNotification(/\/nowhere\/model\.gguf/);
  await code.screenshot("model-path-wrong");
  const before = serversOf(code.server.home);

  await code.command("sidelong: Choose Model");
  await code.page.getByText("The model that comes with the server").click();
  await code.expectStatus(/ready/);
  assert.deepEqual(serversOf(code.server.home), before);
  await code.open("a.py");
  await code.type(".");
  await code.expectSuggestion(REST);
});

test("a model of one's own is in the menu, and is switched to while the server runs", async () => {
  code = await Workbench.start({ files: { "a.py": UNFINISHED } });
  await code.expectStatus(/ready: Completing with (default|nano)\.gguf/);
  const before = serversOf(code.server.home);
  addModel(code.server.home, "mine");
  await code.command("sidelong: Choose Model");
  await code.page.locator(".quick-input-list .monaco-list-row", { hasText: "mine" }).click();
  await code.expectStatus(/ready: Completing with mine/);
  assert.deepEqual(serversOf(code.server.home), before);
  await code.open("a.py");
  await code.type(".");
  await code.expectSuggestion(REST);
});

/** A copy of the shipped model, as `sidelong model add` makes it. */
function addModel(home: string, name: string): void {
  const data = { HOME: home, XDG_DATA_HOME: path.join(home, ".local/share") };
  const options = { env: { ...process.env, ...data } };
  execFileSync(places().server, ["model", "add", "--name", name, MODEL], options);
}
