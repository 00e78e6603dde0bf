/** Where an installed server is looked for. */

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

import { candidates, findServer, type Machine } from "../../../../editors/vscode/src/discovery.ts";

function linux(env: NodeJS.ProcessEnv = {}): Machine {
  return { platform: "linux", env, home: "/home/me" };
}

/** A home in which the named files are programs. */
function homeWith(...programs: string[]): Machine {
  const home = mkdtempSync(path.join(tmpdir(), "sidelong-discovery-"));
  for (const program of programs) {
    const file = path.join(home, program);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, "");
    chmodSync(file, 0o755);
  }
  return { platform: "linux", env: {}, home };
}

test("PATH comes before the Python environment, and that before the tools", () => {
  const found = candidates(["/work/.venv/bin"], linux({ PATH: "/usr/bin" }));
  assert.equal(found[0], "/usr/bin/sidelong");
  assert.equal(found[1], "/work/.venv/bin/sidelong");
  assert.ok(found.indexOf("/home/me/.local/bin/sidelong") > 1);
});

test("relative entries of PATH are skipped", () => {
  const found = candidates([], linux({ PATH: ".::bin:/usr/bin" }));
  assert.equal(found[0], "/usr/bin/sidelong");
  assert.ok(found.every((candidate) => path.isAbsolute(candidate)));
});

test("uv and pipx are looked for where their variables point", () => {
  const found = candidates([], linux({ UV_TOOL_DIR: "/uv", PIPX_HOME: "/pipx" }));
  assert.ok(found.includes("/uv/sidelong/bin/sidelong"));
  assert.ok(found.includes("/pipx/venvs/sidelong/bin/sidelong"));
});

test("on Windows the program is an .exe", () => {
  const env = { Path: "C:\\Python\\Scripts", APPDATA: "C:\\Users\\me\\AppData\\Roaming" };
  const found = candidates([], { platform: "win32", env, home: "C:\\Users\\me" });
  assert.equal(found[0], "C:\\Python\\Scripts\\sidelong.exe");
  assert.ok(found.includes("C:\\Users\\me\\pipx\\venvs\\sidelong\\Scripts\\sidelong.exe"));
});

test("the setting wins, and its ~ is the home", async () => {
  const machine = homeWith("own/sidelong", ".local/bin/sidelong");
  const found = await findServer({ setting: "~/own/sidelong", environment: [] }, machine);
  assert.deepEqual(found, { kind: "found", path: path.join(machine.home, "own/sidelong") });
});

test("a setting that names no program is told, not passed over", async () => {
  const machine = homeWith(".local/bin/sidelong");
  const found = await findServer({ setting: "/nowhere/sidelong", environment: [] }, machine);
  assert.deepEqual(found, { kind: "setting-is-wrong", path: "/nowhere/sidelong" });
});

test("without a setting the first installation is taken", async () => {
  const machine = homeWith(".local/bin/sidelong");
  const found = await findServer({ setting: "", environment: ["/nowhere"] }, machine);
  assert.deepEqual(found, { kind: "found", path: path.join(machine.home, ".local/bin/sidelong") });
});

test("each way to install it is found", async () => {
  const places = {
    ".local/bin/sidelong": {},
    ".local/share/uv/tools/sidelong/bin/sidelong": {},
    ".local/share/pipx/venvs/sidelong/bin/sidelong": {},
    ".local/pipx/venvs/sidelong/bin/sidelong": {},
    "own/bin/sidelong": { PATH: "~/empty:~/own/bin" },
    "uv/sidelong/bin/sidelong": { UV_TOOL_DIR: "~/uv" },
    "pipx/venvs/sidelong/bin/sidelong": { PIPX_HOME: "~/pipx" },
  };
  for (const [program, variables] of Object.entries(places)) {
    const machine = homeWith(program);
    for (const [name, value] of Object.entries(variables)) {
      machine.env[name] = value.replaceAll("~", machine.home);
    }
    assert.deepEqual(await findServer({ setting: "", environment: [] }, machine), {
      kind: "found",
      path: path.join(machine.home, program),
    });
  }
});

test("the selected Python environment is looked in before the tools", async () => {
  const machine = homeWith("project/.venv/bin/sidelong", ".local/bin/sidelong");
  const environment = [path.join(machine.home, "project/.venv/bin")];
  assert.deepEqual(await findServer({ setting: "", environment }, machine), {
    kind: "found",
    path: path.join(machine.home, "project/.venv/bin/sidelong"),
  });
});

test("a file that is not a program is passed over", async () => {
  const machine = homeWith("own/sidelong", ".local/bin/sidelong");
  machine.env.PATH = path.join(machine.home, "own");
  chmodSync(path.join(machine.home, "own/sidelong"), 0o644);
  assert.deepEqual(await findServer({ setting: "", environment: [] }, machine), {
    kind: "found",
    path: path.join(machine.home, ".local/bin/sidelong"),
  });
});

test("a machine without sidelong has none", async () => {
  assert.deepEqual(await findServer({ setting: "", environment: [] }, homeWith()), {
    kind: "none",
  });
});
