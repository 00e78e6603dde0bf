/** The command that chooses the model, among those that the server knows or by its file. */

import * as vscode from "vscode";

import { SECTION } from "./configuration.ts";
import { description, installedModels, isShipped, type Model, shippedSetting } from "./models.ts";

interface Choice extends vscode.QuickPickItem {
  /** What the setting becomes; undefined unsets it. */
  path?: string | undefined;
  /** Ask for a file. */
  browse?: boolean;
}

/** Let the user choose, and write the choice into the user's settings. */
export async function chooseModel(server: string | undefined): Promise<void> {
  const choices = installed(server ? installedModels(server) : Promise.resolve([]));
  const choice = await vscode.window.showQuickPick(choices, { title: "Choose model" });
  const path = choice?.browse ? await browse() : choice?.path;
  if (choice && (!choice.browse || path)) {
    await vscode.workspace
      .getConfiguration(SECTION)
      .update("model.path", path, vscode.ConfigurationTarget.Global);
  }
}

async function installed(asked: Promise<Model[]>): Promise<Choice[]> {
  const models = await asked;
  const own = models.filter((model) => !isShipped(model));
  return [
    { label: "$(home) The model that comes with the server", path: shippedSetting(models) },
    ...own.map((model) => ({
      label: `$(package) ${model.name}`,
      description: description(model),
      path: model.path,
    })),
    { label: "$(file) A GGUF file...", browse: true },
  ];
}

async function browse(): Promise<string | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title: "A model that can fill in the middle",
    filters: { "GGUF models": ["gguf"] },
    openLabel: "Use This Model",
  });
  return picked?.[0]?.fsPath;
}
