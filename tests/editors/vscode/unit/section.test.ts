/** The settings as the server is told them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isOn, nested, withoutOverrides } from "../../../../editors/vscode/src/section.ts";

test("dotted names become nested objects", () => {
  const section = nested([
    ["retrieval.mode", "never"],
    ["retrieval.maxChunks", 3],
    ["enabled", true],
  ]);
  assert.deepEqual(section, { retrieval: { mode: "never", maxChunks: 3 }, enabled: true });
});

test("without overrides the switches stay as they are", () => {
  const switches = { enabled: false, languages: { python: true }, overrides: new Map() };
  assert.deepEqual(withoutOverrides(switches), { enabled: false, languages: { python: true } });
});

test("a language switched off by an override is off alone", () => {
  const switches = { enabled: true, languages: {}, overrides: new Map([["markdown", false]]) };
  assert.equal(isOn(switches, "markdown"), false);
  assert.equal(isOn(switches, "python"), true);
});

test("a language switched on by an override is on alone", () => {
  const switches = { enabled: false, languages: {}, overrides: new Map([["python", true]]) };
  assert.equal(isOn(switches, "python"), true);
  assert.equal(isOn(switches, "markdown"), false);
});

test("off in either place means off", () => {
  const languages = { python: false, go: true };
  const switches = { enabled: true, languages, overrides: new Map([["python", true]]) };
  assert.equal(isOn(switches, "python"), false);
  assert.equal(isOn(switches, "go"), true);
});

test("* speaks for the languages that are not named", () => {
  const switches = { enabled: true, languages: { "*": false, go: true }, overrides: new Map() };
  assert.equal(isOn(switches, "rust"), false);
  assert.equal(isOn(switches, "go"), true);
});
