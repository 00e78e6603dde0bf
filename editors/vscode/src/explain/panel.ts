/**
 * The panel "Why this suggestion?": asks the server about the document last edited, shows the
 * answer beside it, and asks again when there is news.
 */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { StateHolder } from "../state.ts";
import type { Chunk, Explanation } from "./explanation.ts";
import { page } from "./page.ts";

export const OPEN_CHUNK = "sidelong.openChunk";

export class ExplainPanel implements vscode.Disposable {
  readonly #media: vscode.Uri;
  readonly #state: StateHolder;
  readonly #client: () => LanguageClient | undefined;
  readonly #watch: vscode.Disposable;
  #panel: vscode.WebviewPanel | undefined;
  /** The document last edited: the panel itself takes the focus away from it. */
  #document: vscode.Uri | undefined;

  constructor(extension: vscode.Uri, state: StateHolder, client: () => LanguageClient | undefined) {
    this.#media = vscode.Uri.joinPath(extension, "media");
    this.#state = state;
    this.#client = client;
    this.#watch = vscode.Disposable.from(
      vscode.window.onDidChangeActiveTextEditor(() => void this.refresh()),
      state.onDidChange(({ state }) => {
        if (state !== "working") {
          void this.refresh();
        }
      }),
    );
  }

  /** Show the panel, or bring it to the front. */
  async show(): Promise<void> {
    this.#panel ??= this.#make();
    this.#panel.reveal(undefined, true);
    await this.refresh();
  }

  /** Ask again, if the panel can be seen. */
  async refresh(): Promise<void> {
    this.#document = vscode.window.activeTextEditor?.document.uri ?? this.#document;
    const panel = this.#panel;
    if (!panel?.visible) {
      return;
    }
    const explanation = await this.#ask();
    if (this.#panel === panel) {
      panel.webview.html = page(explanation, this.#state.current, {
        style: panel.webview
          .asWebviewUri(vscode.Uri.joinPath(this.#media, "explain.css"))
          .toString(),
        cspSource: panel.webview.cspSource,
        link: (chunk) => this.#link(chunk, explanation?.request?.uri),
      });
    }
  }

  dispose(): void {
    this.#watch.dispose();
    this.#panel?.dispose();
  }

  #make(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel(
      "sidelong.explain",
      "Why this suggestion?",
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: false, enableCommandUris: [OPEN_CHUNK], localResourceRoots: [this.#media] },
    );
    panel.iconPath = vscode.Uri.joinPath(this.#media, "icon.png");
    panel.onDidDispose(() => {
      this.#panel = undefined;
    });
    panel.onDidChangeViewState(() => void this.refresh());
    return panel;
  }

  async #ask(): Promise<Explanation | undefined> {
    const params = this.#document ? { textDocument: { uri: this.#document.toString() } } : {};
    try {
      return await this.#client()?.sendRequest<Explanation>("sidelong/explain", params);
    } catch {
      // The server has ended meanwhile; its state says so.
      return undefined;
    }
  }

  #link(chunk: Chunk, document: string | undefined): string | undefined {
    const folder = document && vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(document));
    if (!folder) {
      return undefined;
    }
    const file = vscode.Uri.joinPath(folder.uri, ...chunk.path.split("/"));
    const args = [file.toString(), chunk.start_line, chunk.end_line];
    return `command:${OPEN_CHUNK}?${encodeURIComponent(JSON.stringify(args))}`;
  }
}

/** Open a retrieved chunk with its lines selected. */
export async function openChunk(file: string, start: number, end: number): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.parse(file), {
    viewColumn: vscode.ViewColumn.One,
    selection: new vscode.Range(start - 1, 0, end, 0),
  });
}
