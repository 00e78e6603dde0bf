/** Settings where they are set: for a folder, for a language, and not by a workspace for the user. */

import { after, test } from "node:test";

import { REST, UNFINISHED } from "../support/samples.ts";
import { Workbench } from "../support/workbench.ts";

let code: Workbench | undefined;

async function start(options: Parameters<typeof Workbench.start>[0]): Promise<Workbench> {
  await code?.stop();
  code = await Workbench.start(options);
  await code.expectStatus(/ready|off/);
  return code;
}

after(async () => {
  await code?.stop();
});

test("one folder of a workspace is off and the other on", async () => {
  const code = await start({
    files: {
      "on/a.py": UNFINISHED,
      "off/b.py": UNFINISHED,
      "off/.vscode/settings.json": JSON.stringify({ "sidelong.enabled": false }),
      "two.code-workspace": JSON.stringify({ folders: [{ path: "on" }, { path: "off" }] }),
    },
    workspace: "two.code-workspace",
  });
  await code.open("off/b.py");
  await code.expectStatus(/Off here: sidelong\.enabled is off/);
  await code.type(".");
  await code.open("on/a.py");
  await code.type(".");
  await code.expectSuggestion(REST);
  await code.expectStatus(/ready/);
  await code.screenshot("settings-per-folder");
});

test("a language that is off by an override has no suggestions, another has", async () => {
  const code = await start({
    files: { "a.py": UNFINISHED, "b.txt": UNFINISHED },
    settings: { "[plaintext]": { "sidelong.enabled": false } },
  });
  await code.open("b.txt");
  await code.expectStatus(/Off here: the settings switch plaintext off/);
  await code.type(".");
  await code.open("a.py");
  await code.type(".");
  await code.expectSuggestion(REST);
});

test("a workspace can name neither the program nor the model", async () => {
  const code = await start({
    files: {
      "a.py": UNFINISHED,
      ".vscode/settings.json": JSON.stringify({
        "sidelong.server.path": "/tmp/evil",
        "sidelong.model.path": "/tmp/evil.gguf",
        "sidelong.threads": 512,
      }),
    },
  });
  await code.open("a.py");
  await code.type(".");
  await code.expectSuggestion(REST);
  await code.expectStatus(/ready: Completing with (default|nano)\.gguf/);
});

test("an untrusted workspace is completed in, by the user's own settings alone", async () => {
  const code = await start({
    files: {
      "a.py": UNFINISHED,
      ".vscode/settings.json": JSON.stringify({ "sidelong.model.policy": "/tmp/evil.gguf" }),
    },
    trusted: false,
    settings: { "security.workspace.trust.startupPrompt": "never" },
  });
  await code.page.getByText("Restricted Mode").first().waitFor();
  await code.open("a.py");
  await code.type(".");
  await code.expectSuggestion(REST);
  await code.expectStatus(/ready: Completing with (default|nano)\.gguf/);
  await code.screenshot("untrusted");
});

test("a change of settings counts at once", async () => {
  const code = await start({ files: { "a.py": UNFINISHED, "b.py": UNFINISHED } });
  await code.open("a.py");
  await code.command("sidelong: Turn On or Off Everywhere");
  await code.expectStatus(/off: /);
  await code.type(".");
  await code.command("sidelong: Turn On or Off Everywhere");
  await code.expectStatus(/ready/);
  await code.open("b.py");
  await code.type(".");
  await code.expectSuggestion(REST);
});
