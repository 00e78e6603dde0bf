/**
 * Our settings as VS Code holds them: which are set, by whom, and where a change belongs.
 * Their names, scopes and defaults stand in `package.json` alone.
 */

import * as vscode from "vscode";

import { isOn, nested, type Section, type Switches, withoutOverrides } from "./section.ts";

export const SECTION = "sidelong";

/** Settings of the extension itself, which the server is not told. */
const OURS = /^(server|trace)\./;

interface Property {
  scope?: string;
}

interface Manifest {
  contributes: { configuration: { properties: Record<string, Property> }[] };
}

export class Configuration {
  readonly #folder: string[] = [];
  readonly #user: string[] = [];

  constructor(extension: vscode.Extension<unknown>) {
    const manifest = extension.packageJSON as Manifest;
    for (const { properties } of manifest.contributes.configuration) {
      for (const [name, { scope }] of Object.entries(properties)) {
        const short = name.slice(SECTION.length + 1);
        if (!OURS.test(short)) {
          (scope === "machine" ? this.#user : this.#folder).push(short);
        }
      }
    }
  }

  /**
   * What only the user may decide, from the user's own settings.
   * A file in the workspace cannot reach them, whatever VS Code may think of it.
   */
  userSection(): Section {
    const all = vscode.workspace.getConfiguration(SECTION);
    const own = this.#user.map((name) => [name, all.inspect(name)?.globalValue] as const);
    return nested(own.filter(([, value]) => value !== undefined && value !== null && value !== ""));
  }

  /** What is set for a folder, or for documents in none. */
  folderSection(folder: vscode.Uri | undefined): Section {
    const all = vscode.workspace.getConfiguration(SECTION, folder ?? null);
    const values = this.#folder
      .filter((name) => isSet(all.inspect(name)))
      .map((name) => [name, all.get(name)] as const);
    const switches = switchesOf(folder);
    return switches.overrides.size > 0
      ? nested([...values, ...Object.entries(withoutOverrides(switches))])
      : nested(values);
  }
}

/** The program to start, from the user's own settings. */
export function serverPath(): string {
  return ownString("server.path");
}

export function serverLogLevel(): string {
  return ownString("server.logLevel") || "info";
}

/** Why nothing is suggested in this document; undefined where something is. */
export function offReason(document: vscode.TextDocument): string | undefined {
  if (!["file", "untitled", "vscode-notebook-cell"].includes(document.uri.scheme)) {
    return "this is no file";
  }
  const editor = vscode.workspace.getConfiguration("editor", document);
  if (editor.get<boolean>("inlineSuggest.enabled") === false) {
    return "VS Code's setting editor.inlineSuggest.enabled is off";
  }
  const folder = vscode.workspace.getWorkspaceFolder(document.uri)?.uri;
  const switches = switchesOf(folder);
  if (isOn(switches, document.languageId)) {
    return undefined;
  }
  return switches.enabled
    ? `the settings switch ${document.languageId} off`
    : "sidelong.enabled is off";
}

/** Write a setting where it is set already, else into the user's settings. */
export async function writeSetting(
  name: string,
  value: unknown,
  where?: { folder: vscode.Uri },
): Promise<void> {
  const all = vscode.workspace.getConfiguration(SECTION, where?.folder ?? null);
  const target = where ? vscode.ConfigurationTarget.WorkspaceFolder : targetOf(all.inspect(name));
  await all.update(name, value, target);
}

function ownString(name: string): string {
  const own = vscode.workspace.getConfiguration(SECTION).inspect<string>(name)?.globalValue;
  return typeof own === "string" ? own : "";
}

function switchesOf(folder: vscode.Uri | undefined): Switches {
  const all = vscode.workspace.getConfiguration(SECTION, folder ?? null);
  const languageIds = all.inspect("enabled")?.languageIds ?? [];
  const overrides = languageIds.map((languageId): [string, boolean] => {
    const scope = folder ? { uri: folder, languageId } : { languageId };
    return [languageId, vscode.workspace.getConfiguration(SECTION, scope).get("enabled", true)];
  });
  return {
    enabled: all.get("enabled", true),
    languages: all.get<Record<string, boolean>>("languages", {}),
    overrides: new Map(overrides),
  };
}

type Inspection = ReturnType<vscode.WorkspaceConfiguration["inspect"]>;

function isSet(inspection: Inspection): boolean {
  return (
    inspection?.workspaceFolderValue !== undefined ||
    inspection?.workspaceValue !== undefined ||
    inspection?.globalValue !== undefined
  );
}

function targetOf(inspection: Inspection): vscode.ConfigurationTarget {
  return inspection?.workspaceValue === undefined
    ? vscode.ConfigurationTarget.Global
    : vscode.ConfigurationTarget.Workspace;
}
