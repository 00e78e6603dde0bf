/**
 * The selected Python environment, as the Python extension tells it; the only place that knows
 * that extension, which need not be there.
 */

import path from "node:path";
import * as vscode from "vscode";

/** The part of the Python extension's interface that we use. */
interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(environment: {
      path: string;
    }): Promise<{ executable: { uri: vscode.Uri | undefined } } | undefined>;
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

/** Folders with programs of the selected environment; none in a workspace that is not trusted. */
export async function environmentFolders(): Promise<string[]> {
  if (!vscode.workspace.isTrusted) {
    return [];
  }
  try {
    const api = await pythonApi();
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const active = api?.environments.getActiveEnvironmentPath(folder);
    const resolved = active && (await api?.environments.resolveEnvironment(active));
    const executable = resolved?.executable.uri?.fsPath;
    return executable ? [path.dirname(executable)] : [];
  } catch {
    return [];
  }
}

/** Calls back when another environment is selected. */
export async function onDidChangeEnvironment(then: () => void): Promise<vscode.Disposable> {
  const api = await pythonApi().catch(() => undefined);
  const watch = api?.environments.onDidChangeActiveEnvironmentPath(then);
  return watch ?? new vscode.Disposable(() => undefined);
}

async function pythonApi(): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  return extension && (await extension.activate());
}
