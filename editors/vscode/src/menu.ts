/** The menu behind the status bar's item: each entry is one of our commands. */

import * as vscode from "vscode";

import { SECTION } from "./configuration.ts";
import { languageIsOn } from "./switches.ts";
import type { StateHolder } from "./state.ts";

interface Entry extends vscode.QuickPickItem {
  command?: string;
}

export async function showMenu(state: StateHolder): Promise<void> {
  const entry = await vscode.window.showQuickPick<Entry>(entries(state), {
    title: `sidelong: ${state.current.message}`,
    placeHolder: "What would you like to do?",
  });
  if (entry?.command) {
    await vscode.commands.executeCommand(entry.command);
  }
}

function entries(state: StateHolder): Entry[] {
  const document = vscode.window.activeTextEditor?.document;
  const folder = document && vscode.workspace.getWorkspaceFolder(document.uri);
  const settings = vscode.workspace.getConfiguration(SECTION, folder?.uri ?? null);
  const threshold = settings.get<number | null>("retrieval.threshold", null);
  return [
    ...remedies(state),
    { label: "$(question) Why this suggestion, or none?", command: "sidelong.explain" },
    separator("Turn on or off"),
    ...(document ? [languageEntry(document, folder)] : []),
    ...(folder ? [folderEntry(folder, settings.get("enabled", true))] : []),
    { label: `$(globe) ${verb(globallyOn())} everywhere`, command: "sidelong.toggle" },
    separator("Other files"),
    {
      label: "$(search) When to look at other files",
      description: settings.get("retrieval.mode", "auto"),
      command: "sidelong.setRetrieval",
    },
    {
      label: "$(dashboard) Threshold",
      description: threshold === null ? "as the model recommends" : String(threshold),
      command: "sidelong.setThreshold",
    },
    separator("Server"),
    { label: "$(package) Choose model", command: "sidelong.chooseModel" },
    { label: "$(pulse) Check the installation (doctor)", command: "sidelong.doctor" },
    { label: "$(output) Show log", command: "sidelong.showLog" },
    { label: "$(debug-restart) Restart server", command: "sidelong.restart" },
    { label: "$(gear) Settings", command: "sidelong.openSettings" },
  ];
}

/** What mends the present state comes first. */
function remedies(state: StateHolder): Entry[] {
  switch (state.current.state) {
    case "missing":
      return [
        { label: "$(desktop-download) How to install the server", command: "sidelong.showInstall" },
      ];
    case "error":
      return [{ label: `$(error) ${state.current.message}`, command: "sidelong.showLog" }];
    default:
      return [];
  }
}

function languageEntry(
  { languageId }: vscode.TextDocument,
  folder: vscode.WorkspaceFolder | undefined,
): Entry {
  return {
    label: `$(code) ${verb(languageIsOn(languageId, folder?.uri))} for ${languageId}`,
    command: "sidelong.toggleLanguage",
  };
}

function folderEntry(folder: vscode.WorkspaceFolder, on: boolean): Entry {
  return {
    label: `$(folder) ${verb(on)} for the folder ${folder.name}`,
    description: "in its .vscode/settings.json",
    command: "sidelong.toggleFolder",
  };
}

function globallyOn(): boolean {
  return (
    vscode.workspace.getConfiguration(SECTION).inspect<boolean>("enabled")?.globalValue ?? true
  );
}

function verb(on: boolean): string {
  return on ? "Turn off" : "Turn on";
}

function separator(label: string): Entry {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
