/** What the user is told of the server at any moment: a word and a sentence. */

import * as vscode from "vscode";

/** The server's own words (`sidelong/status`), and ours for when there is no server to ask. */
export type Word =
  | "ready"
  | "indexing"
  | "loading"
  | "working"
  | "off"
  | "error"
  | "starting"
  | "restarting"
  | "missing"
  | "stopped";

export interface State {
  state: Word;
  message: string;
}

/** The current state, and an event when it changes. */
export class StateHolder implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<State>();
  readonly onDidChange = this.#changed.event;
  #current: State = { state: "starting", message: "Starting" };

  get current(): State {
    return this.#current;
  }

  set(state: Word, message: string): void {
    this.#current = { state, message };
    this.#changed.fire(this.#current);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
