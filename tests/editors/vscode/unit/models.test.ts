/** The models that one chooses among, as the server lists them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isShipped, type Model, shippedSetting } from "../../../../editors/vscode/src/models.ts";

function model(name: string, in_use_as: string | null = null): Model {
  const path = `/models/${name}.gguf`;
  return { name, path, in_use_as, size_bytes: 1, licence: null, decides: true, problem: null };
}

test("both models of the package come with the server, and no other does", () => {
  const own = [model("default"), model("nano"), model("coder")].filter((each) => !isShipped(each));
  assert.deepEqual(
    own.map(({ name }) => name),
    ["coder"],
  );
});

test("no setting is needed for the shipped model while either of the two serves", () => {
  assert.equal(shippedSetting([model("default", "model"), model("nano")]), undefined);
  assert.equal(shippedSetting([model("default"), model("nano", "model")]), undefined);
});

test("where the config file names a model, a setting goes back to the shipped one that suits", () => {
  const models = [model("default"), model("nano"), model("coder", "model")];
  assert.equal(shippedSetting(models), "auto");
  assert.equal(shippedSetting([model("default"), model("nano")]), "auto");
});

test("a server that lists no models is left as it is", () => {
  assert.equal(shippedSetting([]), undefined);
});
