/** What "Why this suggestion?" says. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { ExplainedRequest } from "../../../../editors/vscode/src/explain/explanation.ts";
import { page } from "../../../../editors/vscode/src/explain/page.ts";
import { decision, outcome, reasons } from "../../../../editors/vscode/src/explain/words.ts";

const REQUEST: ExplainedRequest = {
  id: "7",
  uri: "file:///work/a%20file.py",
  outcome: "shown",
  reason: "",
  recalled: false,
  accepted: false,
  ms: { total: 41.5 },
};

const GATE = { probability: 0.61, threshold: 0.3, rule: "threshold", retrieved: true };

function shown(request: Partial<ExplainedRequest> | undefined): string {
  const status = { state: "ready", message: "Completing" };
  const explanation = { status, request: request ? { ...REQUEST, ...request } : null };
  return page(explanation, status, {
    style: "style.css",
    cspSource: "vscode-resource:",
    link: (chunk) => `command:open?${chunk.path}`,
  });
}

test("the page allows no scripts and nothing from elsewhere", () => {
  const html = shown({});
  assert.match(html, /default-src 'none'; style-src vscode-resource:"/);
  assert.doesNotMatch(html, /<script|https?:/);
});

test("names from the workspace are text, whatever they look like", () => {
  const chunk = { path: "<img src=x>.py", start_line: 1, end_line: 2, score: 0.5 };
  const html = shown({ uri: "file:///<b>.py", chunks: [chunk] });
  assert.doesNotMatch(html, /<img|<b>/);
});

test("probability and threshold stand on one bar", () => {
  const html = shown({ gate: GATE });
  assert.match(html, /probability" width="61"/);
  assert.match(html, /threshold" x="30"/);
});

test("what left for a remote model is told, and why it did not complete", () => {
  const remote = { host: "gpu:8000", sent_characters: 812, problem: "" };
  assert.match(shown({ remote }), /gpu:8000 completed\. 812 characters were sent there\./);
  const failed = shown({ remote: { ...remote, problem: "it stalls" } });
  assert.match(failed, /gpu:8000 did not complete, so the model here did: it stalls\./);
  assert.doesNotMatch(shown({ remote: null }), /sent there/);
});

test("what left is there to be read, and is text", () => {
  const sent = [{ prompt: "if a < b:\n    <script>", max_tokens: 64 }];
  const html = shown({ remote: { host: "gpu:8000", sent_characters: 24, problem: "", sent } });
  assert.match(html, /<summary>a request to gpu:8000<\/summary>/);
  assert.match(html, /prompt:\nif a &#60; b:\n {4}&#60;script&#62;\n\nmax_tokens: 64/);
  assert.doesNotMatch(
    shown({ remote: { host: "h", sent_characters: 0, problem: "" } }),
    /tried<\/h2>/,
  );
});

test("a chunk is a link to its lines with its score", () => {
  const chunk = { path: "shapes.py", start_line: 3, end_line: 22, score: 0.314 };
  const html = shown({ chunks: [chunk] });
  assert.match(html, /href="command:open\?shapes.py">shapes.py:3-22<\/a>/);
  assert.match(html, /0\.31/);
});

test("the window is told with its reason", () => {
  const html = shown({ window: { prefix: 256, suffix: 96, context: 80, reason: "a <slow> one" } });
  assert.match(html, /256 tokens before the cursor, 96 after it and 80 of other files/);
  assert.match(html, /a &#60;slow&#62; one/);
});

test("before the first request the page says what it is for", () => {
  assert.match(shown(undefined), /Nothing has been asked yet/);
});

test("each rule that cut has its sentence", () => {
  assert.equal(reasons("suffix-overlap, closers").length, 2);
  assert.deepEqual(reasons(""), []);
});

test("a reason in the server's own words stays as it is", () => {
  const reason = "sidelong.enabled is false";
  assert.deepEqual(reasons(reason), [reason]);
});

test("a corrected probability stands on the bar, and is called so", () => {
  const html = shown({ gate: { ...GATE, corrected: 0.25, retrieved: false } });
  assert.match(html, /probability" width="25"/);
  assert.match(html, /corrected by what the search found, or was learnt here/);
  assert.match(html, /did not expect other files to help/);
});

test("a text that was withheld is told with its probability", () => {
  assert.match(reasons("unsure (0.012)")[0] ?? "", /1\.2 % probable/);
});

test("every outcome is a sentence", () => {
  const outcomes = ["shown", "empty", "superseded", "cancelled", "stale", "off", "failed"];
  for (const each of [...outcomes, "not ready"]) {
    assert.match(outcome({ ...REQUEST, outcome: each }), /^[A-Z].*\.$/, each);
  }
});

test("a wish for other files that nothing answered is told", () => {
  assert.match(decision({ ...GATE, retrieved: false }), /expected .* none was similar/);
});
