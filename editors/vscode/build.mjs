// Bundles the extension into dist/extension.js, with the licences of what is bundled beside it.
// `vsce package` calls it.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const LICENCES = ["LICENSE", "LICENSE.txt", "LICENSE.md", "License.txt"];

const { metafile } = await build({
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  minify: true,
  metafile: true,
});

const packages = new Set();
for (const input of Object.keys(metafile.inputs)) {
  const found = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input);
  if (found) packages.add(found[0]);
}

const notices = [...packages].sort().map((folder) => {
  const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const licence = LICENCES.map((file) => `${folder}/${file}`).find((file) => existsSync(file));
  if (!licence) throw new Error(`${name} has no licence file among ${LICENCES.join(", ")}`);
  return `${name} ${version}\n\n${readFileSync(licence, "utf8").trim()}\n`;
});
writeFileSync("dist/THIRD_PARTY_LICENSES.txt", notices.join(`\n${"-".repeat(78)}\n\n`));
