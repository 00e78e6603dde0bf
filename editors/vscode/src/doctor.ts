/** `sidelong doctor` in the log: what is wrong with the installation, and what to do about it. */

import { execFile } from "node:child_process";
import * as vscode from "vscode";

import { isolated } from "./isolation.ts";

/** Run the doctor of the server at `path` and show what it says. */
export async function runDoctor(
  path: string,
  model: string | undefined,
  log: vscode.LogOutputChannel,
): Promise<void> {
  const args = ["doctor", ...(model ? ["--model", model] : [])];
  log.show(true);
  log.info(`${path} ${args.join(" ")}`);
  const title = "sidelong: checking the installation";
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title },
    () =>
      new Promise<void>((resolve) => {
        const options = { ...isolated({ NO_COLOR: "1", COLUMNS: "100" }), timeout: 120_000 };
        execFile(path, args, options, (error, stdout, stderr) => {
          log.info(`\n${stdout}${stderr}`.replace(/[ \n]+$/gm, ""));
          if (error && !stdout) {
            log.error(error.message);
          }
          resolve();
        });
      }),
  );
}
