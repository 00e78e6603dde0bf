/** Where everything is that the tests run, and a clear word when something is missing. */

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "../../../..");
const CACHE = path.join(ROOT, ".cache/editors/vscode");

export interface Places {
  nodeBin: string;
  codeServer: string;
  chromium: string;
  /** The folder in which the packaged extension is installed. */
  extensions: string;
  /** The real server. */
  server: string;
  screenshots: string;
}

/** Everything the tests need; throws, with the command that helps, if something is not there. */
export function places(): Places {
  const installed = read(path.join(CACHE, "environment"));
  const found = {
    nodeBin: installed.NODE_BIN ?? "",
    codeServer: installed.CODE_SERVER ?? "",
    chromium: installed.CHROMIUM ?? "",
    extensions: path.join(CACHE, "extensions"),
    server: process.env.SIDELONG_SERVER ?? path.join(ROOT, ".venv/bin/sidelong"),
    screenshots: path.join(ROOT, "build/editors/vscode"),
  };
  const needed = ["nodeBin", "codeServer", "chromium", "extensions", "server"] as const;
  for (const name of needed) {
    if (!existsSync(found[name])) {
      throw new Error(`${name} is missing: "${found[name]}". Run \`make test-editors\`.`);
    }
  }
  return found;
}

function read(file: string): Record<string, string> {
  if (!existsSync(file)) {
    throw new Error(
      `${file} is missing. Run \`make test-editors\`, which installs what is needed.`,
    );
  }
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2) as [string, string]));
}
