/** The server's stderr in VS Code's log: its lines say their level, anything else is an error. */

import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { LogOutputChannel } from "vscode";

export type Level = "debug" | "info" | "warn" | "error";

const LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBUG|INFO|WARNING|ERROR|CRITICAL) (.*)$/;
const LEVELS: Record<string, Level> = { DEBUG: "debug", INFO: "info", WARNING: "warn" };

/** The level of a line and its text without time and level. */
export function readLine(line: string): { level: Level; text: string } {
  const match = LINE.exec(line);
  return match
    ? { level: LEVELS[match[1] ?? ""] ?? "error", text: match[2] ?? "" }
    : { level: "error", text: line };
}

/** Copy the stream's lines into the log until it ends. */
export function pipeToLog(stream: Readable, log: LogOutputChannel): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => {
    const { level, text } = readLine(line);
    // VS Code hides debug lines unless its own level is changed too, and the user has asked once.
    log[level === "debug" ? "info" : level](text);
  });
}
