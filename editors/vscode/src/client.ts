/**
 * The language client for one run of the server: what is sent to it and what comes back.
 * When it is started, and what happens at its end, is `supervisor`'s.
 */

import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type Middleware,
  RevealOutputChannelOn,
} from "vscode-languageclient/node";

import { type Configuration, SECTION, serverLogLevel } from "./configuration.ts";
import { isolated } from "./isolation.ts";
import { pipeToLog } from "./server_log.ts";
import type { Word } from "./state.ts";

export const USER_SETTINGS = "sidelong/didChangeUserSettings";

export interface Surroundings {
  configuration: Configuration;
  log: vscode.LogOutputChannel;
  trace: vscode.LogOutputChannel;
  /** The server tells its state. */
  onStatus(status: { state: Word; message: string }): void;
  /** A suggestion is asked for. */
  onAsked(document: vscode.TextDocument, position: vscode.Position): void;
  /** A request for a suggestion has been answered, with or without one. */
  onAnswered(): void;
  /** A suggestion was accepted. */
  onAccepted(): void;
  /** The connection is closed; never told of a client that was stopped on purpose. */
  onClosed(): void;
}

/**
 * The client library's errors go into the log alone: its popups say "Request failed", once for
 * each keystroke if need be, and the supervisor tells the user what can be acted upon.
 */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** A client for the server at `path`; not started. */
export function makeClient(path: string, around: Surroundings): LanguageClient {
  const client = new QuietClient(
    SECTION,
    "sidelong",
    {
      command: path,
      args: ["serve", "--log-level", serverLogLevel()],
      options: isolated(),
    },
    options(around),
  );
  client.onNotification("sidelong/status", (status: { state: Word; message: string }) => {
    around.onStatus(status);
  });
  return client;
}

function options(around: Surroundings): LanguageClientOptions {
  return {
    documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
    outputChannel: around.log,
    traceOutputChannel: around.trace,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: () => around.configuration.userSection(),
    initializationFailedHandler: () => false,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        around.onClosed();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
    middleware: middleware(around),
    stdioOptions: { stdout: pipeToLog, stderr: pipeToLog },
  };
}

function middleware(around: Surroundings): Middleware {
  return {
    provideInlineCompletionItems: async (document, position, context, token, next) => {
      around.onAsked(document, position);
      const items = await next(document, position, context, token);
      around.onAnswered();
      return items;
    },
    executeCommand: async (command, args, next): Promise<unknown> => {
      around.onAccepted();
      return await next(command, args);
    },
    workspace: {
      configuration: (params) =>
        params.items.map((item) =>
          around.configuration.folderSection(
            item.scopeUri ? vscode.Uri.parse(item.scopeUri) : undefined,
          ),
        ),
      // The server asks for what it needs; what would be pushed holds all defaults as well.
      didChangeConfiguration: async (_, next) => {
        await next(undefined);
      },
    },
  };
}
