/** The language servers that run for one editor, found by the home that only it has. */

import { readdirSync, readFileSync } from "node:fs";

/** Process ids of every `sidelong serve` whose HOME is `home`. */
export function serversOf(home: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isServer(pid, home));
}

function isServer(pid: number, home: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    const serves = command.some((part) => part.endsWith("sidelong")) && command.includes("serve");
    return serves && environment.includes(`HOME=${home}`);
  } catch {
    // It has ended, or it is not ours.
    return false;
  }
}
