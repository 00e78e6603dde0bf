/**
 * The item in the status bar: the server's state, or why nothing is suggested in this document.
 * A click opens the menu.
 */

import * as vscode from "vscode";

import { offReason } from "./configuration.ts";
import type { State, StateHolder, Word } from "./state.ts";

const ICONS: Record<Word, string> = {
  ready: "$(sparkle)",
  working: "$(loading~spin)",
  indexing: "$(sync~spin)",
  loading: "$(loading~spin)",
  starting: "$(loading~spin)",
  restarting: "$(loading~spin)",
  off: "$(circle-slash)",
  error: "$(error)",
  missing: "$(warning)",
  stopped: "$(circle-slash)",
};

/** A request shorter than this does not make the icon flicker. */
const SHOWN_WORKING_AFTER_MS = 150;

export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem(
    "sidelong",
    vscode.StatusBarAlignment.Right,
    100,
  );
  readonly #state: StateHolder;
  readonly #subscriptions: vscode.Disposable[];
  #later: NodeJS.Timeout | undefined;

  constructor(state: StateHolder) {
    this.#state = state;
    this.#item.name = "sidelong";
    this.#item.command = "sidelong.menu";
    const update = (): void => {
      this.#update();
    };
    this.#subscriptions = [
      state.onDidChange(update),
      vscode.window.onDidChangeActiveTextEditor(update),
      vscode.workspace.onDidOpenTextDocument(update),
      vscode.workspace.onDidChangeConfiguration(update),
    ];
    this.#show(state.current);
    this.#item.show();
  }

  dispose(): void {
    clearTimeout(this.#later);
    vscode.Disposable.from(...this.#subscriptions).dispose();
    this.#item.dispose();
  }

  #update(): void {
    clearTimeout(this.#later);
    const state = this.#state.current;
    if (state.state === "working") {
      this.#later = setTimeout(() => {
        this.#show(state);
      }, SHOWN_WORKING_AFTER_MS);
    } else {
      this.#show(state);
    }
  }

  #show(server: State): void {
    const { state, message } = here(server);
    this.#item.text = `${ICONS[state]} sidelong`;
    this.#item.tooltip = `sidelong: ${message}. Click for the menu.`;
    this.#item.accessibilityInformation = { label: `sidelong, ${state}: ${message}` };
    this.#item.backgroundColor = background(state);
  }
}

/** The state as it is for the active document. */
function here(server: State): State {
  const document = vscode.window.activeTextEditor?.document;
  const working = ["ready", "working", "indexing", "loading"].includes(server.state);
  const reason = working && document ? offReason(document) : undefined;
  return reason ? { state: "off", message: `Off here: ${reason}` } : server;
}

function background(state: Word): vscode.ThemeColor | undefined {
  if (state === "error") {
    return new vscode.ThemeColor("statusBarItem.errorBackground");
  }
  return state === "missing" ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
}
