/** Lines of the server's stderr in VS Code's log. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { readLine } from "../../../../editors/vscode/src/server_log.ts";

test("a line says its level itself", () => {
  const line = "2026-11-21 02:41:30,123 WARNING sidelong.lsp: the file is odd";
  assert.deepEqual(readLine(line), { level: "warn", text: "sidelong.lsp: the file is odd" });
});

test("what is no line of the log is an error", () => {
  const line = "ModuleNotFoundError: No module named 'llama_cpp'";
  assert.deepEqual(readLine(line), { level: "error", text: line });
});
