/** The commands that change settings: on and off, when to retrieve, the threshold. */

import * as vscode from "vscode";

import { SECTION, writeSetting } from "./configuration.ts";

/** Whether `sidelong.languages` lets a language through. */
export function languageIsOn(language: string, folder: vscode.Uri | undefined): boolean {
  const languages = languagesOf(folder);
  return languages[language] ?? languages["*"] ?? true;
}

export async function toggleLanguage(): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (!document) {
    return;
  }
  const folder = vscode.workspace.getWorkspaceFolder(document.uri)?.uri;
  const on = !languageIsOn(document.languageId, folder);
  const own = settings(undefined).inspect<Record<string, boolean>>("languages")?.globalValue;
  await writeSetting("languages", { ...own, [document.languageId]: on });
}

export async function toggleFolder(): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const folder = document && vscode.workspace.getWorkspaceFolder(document.uri);
  if (folder) {
    const on = !settings(folder.uri).get("enabled", true);
    await writeSetting("enabled", on, { folder: folder.uri });
  }
}

export async function toggle(): Promise<void> {
  const on = !(settings(undefined).inspect<boolean>("enabled")?.globalValue ?? true);
  await settings(undefined).update("enabled", on, vscode.ConfigurationTarget.Global);
}

export async function setRetrieval(): Promise<void> {
  const modes = [
    { label: "auto", description: "when the model expects that to help" },
    { label: "always", description: "slower, and rarely better" },
    { label: "never", description: "complete from the open file alone" },
  ];
  const mode = await vscode.window.showQuickPick(modes, { title: "When to look at other files" });
  if (mode) {
    await writeSetting("retrieval.mode", mode.label);
  }
}

export async function setThreshold(): Promise<void> {
  const now = settings(undefined).get<number | null>("retrieval.threshold", null);
  const text = await vscode.window.showInputBox({
    title: "Probability from which on other files are looked at",
    prompt: "0 to 1; lower looks more often. Empty: what the model recommends.",
    value: now === null ? "" : String(now),
    validateInput: (value) =>
      isThreshold(value) ? undefined : "A number from 0 to 1, or nothing.",
  });
  if (text !== undefined) {
    await writeSetting("retrieval.threshold", text.trim() === "" ? undefined : Number(text));
  }
}

function isThreshold(text: string): boolean {
  const value = Number(text);
  return text.trim() === "" || (value >= 0 && value <= 1);
}

function languagesOf(folder: vscode.Uri | undefined): Record<string, boolean> {
  return settings(folder).get<Record<string, boolean>>("languages", {});
}

function settings(folder: vscode.Uri | undefined): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration(SECTION, folder ?? null);
}
