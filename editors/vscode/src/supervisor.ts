/**
 * Finds, starts, watches and stops the server; at most one runs.
 * What is said to it while it runs is `client`'s.
 */

import { homedir } from "node:os";
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { Backoff } from "./backoff.ts";
import { makeClient, type Surroundings, USER_SETTINGS } from "./client.ts";
import { serverPath } from "./configuration.ts";
import { findServer } from "./discovery.ts";
import * as messages from "./messages.ts";
import { environmentFolders } from "./python_environment.ts";
import type { StateHolder } from "./state.ts";

interface Run {
  client: LanguageClient;
  startedMs: number;
}

export class Supervisor implements vscode.Disposable {
  readonly #backoff = new Backoff();
  readonly #around: Omit<Surroundings, "onClosed" | "onStatus">;
  readonly #state: StateHolder;
  /** The program that was started last. */
  path: string | undefined;
  #run: Run | undefined;
  #again: NodeJS.Timeout | undefined;
  /** Grows with every start and stop that somebody asked for; what began earlier is void. */
  #wish = 0;

  constructor(around: Omit<Surroundings, "onClosed" | "onStatus">, state: StateHolder) {
    this.#around = around;
    this.#state = state;
  }

  /** The client of a server that answers; undefined while there is none. */
  get client(): LanguageClient | undefined {
    return this.#run?.client.isRunning() ? this.#run.client : undefined;
  }

  /** Start the server, anew if it runs. */
  async restart(): Promise<void> {
    this.#backoff.reset();
    await this.stop();
    await this.#start(this.#wish);
  }

  /** Stop the server and wait for its end; idempotent. */
  async stop(): Promise<void> {
    this.#wish += 1;
    clearTimeout(this.#again);
    const run = this.#run;
    this.#run = undefined;
    this.#state.set("stopped", "The server is stopped");
    await run?.client.dispose().catch((error: unknown) => {
      this.#around.log.warn(`The server did not stop in time: ${String(error)}`);
    });
  }

  dispose(): void {
    void this.stop();
  }

  /** Hand the user's own settings to the server that runs. */
  async sendUserSettings(): Promise<void> {
    await this.client?.sendNotification(USER_SETTINGS, this.#around.configuration.userSection());
  }

  async #start(wish: number): Promise<void> {
    const found = await findServer(
      { setting: serverPath(), environment: await environmentFolders() },
      { platform: process.platform, env: process.env, home: homedir() },
    );
    if (wish !== this.#wish) {
      return;
    }
    if (found.kind !== "found") {
      this.#state.set("missing", messages.notFound(found));
      void messages.tellNotFound(found);
      return;
    }
    this.#around.log.info(`Starting ${found.path}`);
    this.#state.set("starting", `Starting ${found.path}`);
    this.path = found.path;
    const run: Run = { startedMs: Date.now(), client: this.#client(found.path) };
    this.#run = run;
    try {
      await run.client.start();
    } catch (error) {
      this.#around.log.error(`The server cannot be started: ${String(error)}`);
      this.#ended(run);
    }
  }

  #client(path: string): LanguageClient {
    const client: LanguageClient = makeClient(path, {
      ...this.#around,
      onClosed: () => {
        if (this.#run?.client === client) {
          this.#ended(this.#run);
        }
      },
      onStatus: ({ state, message }) => {
        if (this.#run?.client === client) {
          this.#state.set(state, message);
        }
      },
    });
    return client;
  }

  /** A server has ended that nobody stopped; told once or twice of the same one. */
  #ended(run: Run): void {
    if (this.#run !== run) {
      return;
    }
    this.#run = undefined;
    const { delayMs, first } = this.#backoff.crashed(run.startedMs, Date.now());
    if (delayMs === undefined) {
      this.#state.set("error", messages.GAVE_UP);
      void messages.tellGaveUp();
      return;
    }
    this.#state.set("restarting", "The server has stopped unexpectedly and is started again");
    if (first) {
      void messages.tellRestarting();
    }
    const wish = this.#wish;
    this.#again = setTimeout(() => {
      if (wish === this.#wish) {
        void this.#start(wish);
      }
    }, delayMs);
  }
}
