/** What the user is told of a server that is not there: the fact, and a button with the remedy. */

import * as vscode from "vscode";

import type { Found } from "./discovery.ts";

export const GAVE_UP = "The server has stopped again and again; it is not started any more";

const SHOW_LOG = { title: "Show Log", command: "sidelong.showLog" };

type NotFound = Exclude<Found, { kind: "found" }>;

export function notFound(found: NotFound): string {
  return found.kind === "setting-is-wrong"
    ? `sidelong.server.path names no program: ${found.path}`
    : "The server of sidelong is not installed";
}

export async function tellNotFound(found: NotFound): Promise<void> {
  await (found.kind === "setting-is-wrong"
    ? tell(vscode.window.showErrorMessage, `${notFound(found)}.`, {
        title: "Open Settings",
        command: "workbench.action.openSettings",
        argument: "sidelong.server.path",
      })
    : tell(vscode.window.showWarningMessage, `${notFound(found)}, so nothing can be suggested.`, {
        title: "How to Install",
        command: "sidelong.showInstall",
      }));
}

export async function tellRestarting(): Promise<void> {
  const message = "The server of sidelong has stopped unexpectedly and is started again.";
  await tell(vscode.window.showWarningMessage, message, SHOW_LOG);
}

export async function tellGaveUp(): Promise<void> {
  await tell(vscode.window.showErrorMessage, `sidelong: ${GAVE_UP}.`, SHOW_LOG, {
    title: "Start Again",
    command: "sidelong.restart",
  });
}

interface Remedy extends vscode.MessageItem {
  command: string;
  argument?: string;
}

type Show = (message: string, ...items: Remedy[]) => Thenable<Remedy | undefined>;

async function tell(show: Show, message: string, ...remedies: Remedy[]): Promise<void> {
  const chosen = await show(message, ...remedies);
  if (chosen) {
    await vscode.commands.executeCommand(chosen.command, chosen.argument);
  }
}
