/**
 * The log of messages to and from the server, switched by `sidelong.trace.server` alone.
 * The language client asks the channel's level, which would have to be changed by hand as well.
 */

import * as vscode from "vscode";

import { SECTION } from "./configuration.ts";

/** A log whose level follows the setting; nothing is shown before the first line. */
export function makeTraceChannel(): vscode.LogOutputChannel {
  const channel = vscode.window.createOutputChannel("sidelong trace", { log: true });
  const changed = new vscode.EventEmitter<vscode.LogLevel>();
  const watch = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`${SECTION}.trace.server`)) {
      changed.fire(level());
    }
  });
  return Object.create(channel, {
    logLevel: { get: level },
    onDidChangeLogLevel: { value: changed.event },
    trace: {
      value: (message: string) => {
        channel.info(message);
      },
    },
    dispose: {
      value: () => {
        watch.dispose();
        changed.dispose();
        channel.dispose();
      },
    },
  }) as vscode.LogOutputChannel;
}

function level(): vscode.LogLevel {
  const wanted = vscode.workspace.getConfiguration(SECTION).get<string>("trace.server", "off");
  return wanted === "off" ? vscode.LogLevel.Off : vscode.LogLevel.Trace;
}
