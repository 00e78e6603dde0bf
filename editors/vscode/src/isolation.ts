/**
 * Where and with which variables our programs run: Python would import a `json.py` that lies in its
 * working folder or in `PYTHONPATH`, and in VS Code either may be the workspace.
 */

import { homedir } from "node:os";
import path from "node:path";

/** To Python an empty variable is none. */
const APART = { PYTHONPATH: "", PYTHONHOME: "", PYTHONSAFEPATH: "1" };

/** What a child process is started with, beside what its caller adds to the environment. */
export function isolated(more: NodeJS.ProcessEnv = {}): { cwd: string; env: NodeJS.ProcessEnv } {
  // The root of the file system: the home folder may be the workspace.
  return { cwd: path.parse(homedir()).root, env: { ...process.env, ...more, ...APART } };
}
