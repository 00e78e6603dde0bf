/** Code from elsewhere in the repository, unsaved text included, and where it is said to come from. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Workbench } from "../support/workbench.ts";

let code: Workbench;

const USER = `from ledger import Ledger


def settle(ledger: Ledger, account: str) -> None:
    balance = ledger`;

const LEDGER = `from ledger import Ledger


def first(ledger: Ledger, account: str) -> None:
`;

before(async () => {
  code = await Workbench.start({
    files: { "user.py": USER, "ledger.py": LEDGER },
    // One occurrence is not much to be sure of.
    settings: { "sidelong.retrieval.mode": "always", "sidelong.minProbability": 0 },
  });
  await code.expectStatus(/ready/);
});

after(async () => {
  await code.stop();
});

test("what was just typed in another file, and not saved, is used and explained", async () => {
  await code.open("ledger.py");
  await code.type("    balance = ledger.open_balance(account)");
  await code.press("Escape");
  await code.open("user.py");
  await code.type(".");
  await code.expectGhostText(/^open_balance\(account\)/);
  await code.screenshot("from-another-file");

  await code.command("sidelong: Why This Suggestion?");
  const text = await code.panelText(/ledger\.py:\d+-\d+/);
  assert.match(text, /A suggestion was shown/);
  assert.match(text, /always look at other files/);
  assert.match(text, /tokens evaluated/);
  await code.screenshot("explain");
});

test("a link in the explanation opens the chunk that was read", async () => {
  await code.clickInPanel(/^ledger\.py:/);
  await code.page.locator('.tab.active[data-resource-name="ledger.py"]').waitFor();
});
