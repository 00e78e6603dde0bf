/**
 * Tells the server where the cursor rests, so that it reads there before anything is asked.
 * A place at which a suggestion was asked for has been read, and is not told.
 */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { offReason } from "./configuration.ts";
import type { StateHolder } from "./state.ts";

const DID_MOVE_CURSOR = "sidelong/didMoveCursor";
const RESTS_AFTER_MS = 300;

/** Where a server has read last. */
interface Read {
  client: LanguageClient;
  place: string;
}

export class RestingCursor implements vscode.Disposable {
  readonly #client: () => LanguageClient | undefined;
  readonly #subscriptions: vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  #read: Read | undefined;

  constructor(client: () => LanguageClient | undefined, state: StateHolder) {
    this.#client = client;
    const moved = (): void => {
      this.#moved();
    };
    this.#subscriptions = [
      vscode.window.onDidChangeActiveTextEditor(moved),
      vscode.window.onDidChangeTextEditorSelection(moved),
      vscode.window.onDidChangeWindowState(moved),
      // The server may come after the editor. Its state changes also while the cursor moves, which
      // must not put off the end of its rest.
      state.onDidChange(() => {
        if (this.#timer === undefined) {
          this.#moved();
        }
      }),
    ];
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  /** A suggestion is asked for. */
  asked(document: vscode.TextDocument, position: vscode.Position): void {
    const client = this.#client();
    this.#read = client && { client, place: placeOf(document, position) };
  }

  #moved(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#rests();
    }, RESTS_AFTER_MS);
  }

  async #rests(): Promise<void> {
    const client = this.#client();
    const { document, selection } = vscode.window.activeTextEditor ?? {};
    if (!client || !document || !selection?.isEmpty || offReason(document)) {
      return;
    }
    const place = placeOf(document, selection.active);
    if (this.#read?.client === client && this.#read.place === place) {
      return;
    }
    this.#read = { client, place };
    const converter = client.code2ProtocolConverter;
    await client.sendNotification(DID_MOVE_CURSOR, {
      textDocument: converter.asTextDocumentIdentifier(document),
      position: converter.asPosition(selection.active),
    });
  }
}

/** Names the cursor's place in this very text. */
function placeOf(document: vscode.TextDocument, { line, character }: vscode.Position): string {
  return `${document.uri.toString()} ${document.version} ${line}:${character}`;
}
