/** The walkthrough and the menu. */

import { after, before, test } from "node:test";

import { UNFINISHED } from "../support/samples.ts";
import { Workbench } from "../support/workbench.ts";

let code: Workbench;

before(async () => {
  code = await Workbench.start({ files: { "a.py": UNFINISHED } });
  await code.expectStatus(/ready/);
});

after(async () => {
  await code.stop();
});

test("the menu opens from the status bar and holds what one may want", async () => {
  await code.open("a.py");
  await code.page.locator('[id="sidelong.sidelong.sidelong"] a').click();
  for (const entry of ["Why this suggestion", "Turn off for python", "Threshold", "doctor"]) {
    await code.page.locator(".quick-input-list .monaco-list-row", { hasText: entry }).waitFor();
  }
  await code.screenshot("menu");
  await code.press("Escape");
});

test("the walkthrough ends with a first accepted suggestion", async () => {
  await code.command("sidelong: How to Install the Server");
  await code.page.getByText("Take your first suggestion").first().click();
  await code.page.getByRole("button", { name: "Try it" }).click();
  await code.expectGhostText(/^colour = colour/);
  await code.screenshot("try-it");
  await code.press("Tab");
  await code.command("sidelong: How to Install the Server");
  const done = ".getting-started-step .codicon-getting-started-step-checked";
  await code.page.locator(done).nth(1).waitFor();
  await code.screenshot("walkthrough-done");
});

test("the doctor's findings are shown in the log", async () => {
  await code.command("sidelong: Check the Installation (doctor)");
  await code.page
    .locator(".panel .view-lines")
    .getByText(/watcher/) // The last of the findings: the log shows its end.
    .first()
    .waitFor();
  await code.screenshot("doctor");
});
