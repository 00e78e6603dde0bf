/** Cells of a notebook: each goes on from the others, and only what was taken is written. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { REST, UNFINISHED } from "../support/samples.ts";
import { Workbench } from "../support/workbench.ts";

let code: Workbench;

/** Where the functions that are alike end, and the unfinished one begins. */
const AT = UNFINISHED.indexOf("def fifth");
const SOURCES = [UNFINISHED.slice(0, AT).trimEnd(), "The last one is **unfinished**."];
const LAST = UNFINISHED.slice(AT);

before(async () => {
  code = await Workbench.start({
    files: {
      "shapes.ipynb": JSON.stringify({
        cells: [
          { cell_type: "code", metadata: {}, source: SOURCES[0], outputs: [], execution_count: 1 },
          { cell_type: "markdown", metadata: {}, source: SOURCES[1] },
          { cell_type: "code", metadata: {}, source: LAST, outputs: [], execution_count: null },
        ],
        metadata: { language_info: { name: "python" } },
        nbformat: 4,
        nbformat_minor: 5,
      }),
    },
  });
  await code.expectStatus(/ready/);
});

after(async () => {
  await code.stop();
});

test("a cell goes on from the cells above, and Tab takes what is shown", async () => {
  await code.openLastCell("shapes.ipynb");
  await code.type(".");
  const shown = await code.expectSuggestion(REST);
  await code.expectStatus(/ready/);
  await code.screenshot("notebook");
  await code.press("Tab");
  await code.expectSaved("shapes.ipynb", /fifth[^]*shape\.width/);
  assert.deepEqual(sources("shapes.ipynb"), [...SOURCES, `${LAST}.${shown}`]);
});

/** The texts of a notebook's cells on disk. */
function sources(file: string): string[] {
  const text = readFileSync(path.join(code.server.folder, file), "utf8");
  const { cells } = JSON.parse(text) as { cells: { source: string | string[] }[] };
  return cells.map(({ source }) => (Array.isArray(source) ? source.join("") : source));
}
