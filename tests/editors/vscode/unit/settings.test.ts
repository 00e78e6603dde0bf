/** The settings in `package.json` against those that the server knows. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { places, ROOT } from "../support/places.ts";

interface Manifest {
  contributes: { configuration: { properties: Record<string, { scope?: string }> }[] };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
}

const MANIFEST = JSON.parse(
  readFileSync(path.join(ROOT, "editors/vscode/package.json"), "utf8"),
) as Manifest;

const PROPERTIES = MANIFEST.contributes.configuration.flatMap(({ properties }) =>
  Object.entries(properties),
);

/** What one of the server's functions says of a section with all these names in it. */
function askServer(name: "unknown_names" | "user_only_names", settings: string[]): string[] {
  const program = `
import json, sys
from sidelong import sections
print(json.dumps(sections.${name}({n: 1 for n in json.load(sys.stdin)})))`;
  const python = path.join(path.dirname(places().server), "python");
  const short = settings.map((setting) => setting.slice("sidelong.".length));
  const answer = execFileSync(python, ["-c", program], { input: JSON.stringify(short) });
  return JSON.parse(answer.toString()) as string[];
}

/** The server's own list. */
function serverNames(): string[] {
  const program = `
import json
from sidelong import sections
print(json.dumps([f"sidelong.{n}" for n in (*sections._FOLDER, *sections._USER)]))`;
  const python = path.join(path.dirname(places().server), "python");
  return JSON.parse(execFileSync(python, ["-c", program]).toString()) as string[];
}

/** What VS Code has no use for: it shows ghost text. */
const FOR_OTHER_EDITORS = new Set(["sidelong.completion.enabled"]);

const FOR_THE_SERVER = PROPERTIES.map(([name]) => name).filter(
  (name) => !/^sidelong\.(server|trace)\./.test(name),
);

test("the server knows every setting", () => {
  assert.deepEqual(askServer("unknown_names", FOR_THE_SERVER), []);
});

test("every setting of the server can be set in VS Code, but for what it does itself", () => {
  const known = serverNames().filter((name) => !FOR_OTHER_EDITORS.has(name));
  assert.deepEqual(known.sort(), [...FOR_THE_SERVER].sort());
});

test("what only the user may set has the scope of the machine, and the rest has not", () => {
  const machine = PROPERTIES.filter(([, { scope }]) => scope === "machine").map(([name]) => name);
  const ours = machine.filter((name) => FOR_THE_SERVER.includes(name));
  assert.deepEqual(ours.sort(), askServer("user_only_names", FOR_THE_SERVER).sort());
});

test("settings of the machine are restricted where the workspace is not trusted", () => {
  const restricted = MANIFEST.capabilities.untrustedWorkspaces.restrictedConfigurations;
  const machine = PROPERTIES.filter(([, { scope }]) => scope === "machine").map(([name]) => name);
  assert.deepEqual([...restricted].sort(), machine.sort());
});
