/** How often and how fast a crashed server is started again. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Backoff } from "../../../../editors/vscode/src/backoff.ts";

const HOUR_MS = 3_600_000;

/** The delays after crashes that follow at once upon each start. */
function delays(backoff: Backoff, crashes: number): (number | undefined)[] {
  return Array.from({ length: crashes }, () => backoff.crashed(0, 10).delayMs);
}

test("each crash in a row waits longer, and then it is given up", () => {
  const all = delays(new Backoff(), 7);
  const waited = all.filter((delay) => delay !== undefined);
  assert.deepEqual(
    waited,
    [...waited].sort((a, b) => a - b),
  );
  assert.equal(all.at(-1), undefined);
});

test("only the first crash of a series is told", () => {
  const backoff = new Backoff();
  const told = [1, 2, 3].map(() => backoff.crashed(0, 10).first);
  assert.deepEqual(told, [true, false, false]);
});

test("a server that ran for an hour begins a new series", () => {
  const backoff = new Backoff();
  delays(backoff, 10);
  assert.equal(backoff.crashed(0, HOUR_MS).first, true);
  assert.notEqual(backoff.crashed(0, 10).delayMs, undefined);
});

test("a restart by hand begins a new series", () => {
  const backoff = new Backoff();
  delays(backoff, 10);
  backoff.reset();
  assert.notEqual(backoff.crashed(0, 10).delayMs, undefined);
});
