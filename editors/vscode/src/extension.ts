/** The extension: makes the parts, connects them, and gives the commands their names. */

import * as vscode from "vscode";

import { chooseModel } from "./choose_model.ts";
import type { Surroundings } from "./client.ts";
import { Configuration, SECTION } from "./configuration.ts";
import { runDoctor } from "./doctor.ts";
import { ExplainPanel, OPEN_CHUNK, openChunk } from "./explain/panel.ts";
import { showMenu } from "./menu.ts";
import { onDidChangeEnvironment } from "./python_environment.ts";
import { RestingCursor } from "./resting_cursor.ts";
import { StateHolder } from "./state.ts";
import { StatusBar } from "./status_bar.ts";
import { Supervisor } from "./supervisor.ts";
import * as switches from "./switches.ts";
import { makeTraceChannel } from "./trace_channel.ts";
import { tryIt } from "./try_it.ts";

let supervisor: Supervisor | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const own = <T extends vscode.Disposable>(part: T): T => {
    context.subscriptions.push(part);
    return part;
  };
  const configuration = new Configuration(context.extension);
  const log = own(vscode.window.createOutputChannel("sidelong", { log: true }));
  const trace = own(makeTraceChannel());
  const state = own(new StateHolder());
  own(new StatusBar(state));
  const panel = own(new ExplainPanel(context.extensionUri, state, () => server.client));
  const cursor = own(new RestingCursor(() => server.client, state));
  const around: Omit<Surroundings, "onClosed" | "onStatus"> = {
    configuration,
    log,
    trace,
    onAsked: (document, position) => {
      cursor.asked(document, position);
    },
    onAnswered: () => void panel.refresh(),
    onAccepted: () => void setContext("accepted", true),
  };
  const server = own(new Supervisor(around, state));
  supervisor = server;

  const commands: Record<string, (...args: never[]) => unknown> = {
    "sidelong.menu": () => showMenu(state),
    "sidelong.explain": () => panel.show(),
    "sidelong.toggle": switches.toggle,
    "sidelong.toggleLanguage": switches.toggleLanguage,
    "sidelong.toggleFolder": switches.toggleFolder,
    "sidelong.setRetrieval": switches.setRetrieval,
    "sidelong.setThreshold": switches.setThreshold,
    "sidelong.chooseModel": () => chooseModel(server.path),
    "sidelong.doctor": () => doctor(server, configuration, log),
    "sidelong.showLog": () => {
      log.show(true);
    },
    "sidelong.restart": () => server.restart(),
    "sidelong.showInstall": () => showInstall(context.extension.id),
    "sidelong.tryIt": tryIt,
    "sidelong.openSettings": () => openSettings(context.extension.id),
    [OPEN_CHUNK]: openChunk,
  };
  for (const [name, action] of Object.entries(commands)) {
    own(vscode.commands.registerCommand(name, action));
  }
  own(state.onDidChange(() => void setContext("running", server.client !== undefined)));
  own(restartWhenNeeded(server, state));
  own(await onDidChangeEnvironment(() => void retryIfMissing(server, state)));
  await server.restart();
}

/** VS Code waits for the promise, so that no server outlives it. */
export async function deactivate(): Promise<void> {
  await supervisor?.stop();
}

function restartWhenNeeded(server: Supervisor, state: StateHolder): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${SECTION}.server`)) {
        void server.restart();
      } else if (event.affectsConfiguration(SECTION)) {
        void server.sendUserSettings();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void retryIfMissing(server, state)),
  );
}

async function retryIfMissing(server: Supervisor, state: StateHolder): Promise<void> {
  if (state.current.state === "missing") {
    await server.restart();
  }
}

async function doctor(
  server: Supervisor,
  configuration: Configuration,
  log: vscode.LogOutputChannel,
): Promise<void> {
  if (!server.path) {
    await vscode.commands.executeCommand("sidelong.showInstall");
    return;
  }
  const { model } = configuration.userSection() as { model?: { path?: string } };
  await runDoctor(server.path, model?.path, log);
}

async function showInstall(extensionId: string): Promise<void> {
  await vscode.commands.executeCommand(
    "workbench.action.openWalkthrough",
    { category: `${extensionId}#start`, step: `${extensionId}#start#install` },
    false,
  );
}

async function openSettings(extensionId: string): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${extensionId}`);
}

async function setContext(name: string, value: boolean): Promise<void> {
  await vscode.commands.executeCommand("setContext", `${SECTION}.${name}`, value);
}
