/**
 * VS Code's workbench in a browser, by what a person does and sees: open, type, press, read.
 * The only place that knows the workbench's DOM.
 */

import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, chromium, type FrameLocator, type Page } from "playwright-core";

import { type CodeServer, type Options, startCodeServer } from "./code_server.ts";
import { places } from "./places.ts";

/** Long enough for a busy machine; waited for only where something fails. */
const TIMEOUT_MS = 60_000;
const KEY_DELAY_MS = 30;
const POLL_MS = 100;
/** What did not change for this long is drawn to its end. */
const SETTLED_MS = 400;

/** A part of the window, in pixels. */
export interface Part {
  x: number;
  y: number;
  width: number;
  height: number;
}

export class Workbench {
  readonly page: Page;
  readonly server: CodeServer;
  readonly #browser: Browser;

  private constructor(page: Page, server: CodeServer, browser: Browser) {
    this.page = page;
    this.server = server;
    this.#browser = browser;
  }

  /** A workbench on a fresh code-server, up and running. */
  static async start(options: Options): Promise<Workbench> {
    const server = await startCodeServer(options);
    const browser = await chromium.launch({
      executablePath: places().chromium,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    const page = await browser.newPage({ viewport: { width: 1200, height: 760 } });
    page.setDefaultTimeout(TIMEOUT_MS);
    const workbench = new Workbench(page, server, browser);
    try {
      await page.goto(server.url);
      await page.waitForSelector(".monaco-workbench .statusbar");
    } catch (error) {
      await workbench.stop();
      throw error;
    }
    return workbench;
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    await this.server.stop();
  }

  /** Open a file of the workspace with the cursor behind the text `at`, by default at the end. */
  async open(file: string, at?: string): Promise<void> {
    const text = readFileSync(path.join(this.server.folder, file), "utf8");
    const offset = at === undefined ? text.length : text.indexOf(at) + at.length;
    const before = text.slice(0, offset).split("\n");
    await this.#pick("Control+KeyP", file, path.basename(file));
    await this.page.locator(`.tab.active[data-resource-name="${path.basename(file)}"]`).waitFor();
    await this.page.locator(".monaco-editor.focused").first().waitFor();
    const column = (before.at(-1) ?? "").length + 1;
    await this.#pick("Control+KeyG", `:${before.length}:${column}`, "");
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
    await this.page.locator(".monaco-editor.focused").first().waitFor();
    await this.#idle();
  }

  /** Open a notebook of the workspace with the cursor at the end of its last cell. */
  async openLastCell(file: string): Promise<void> {
    await this.#pick("Control+KeyP", file, path.basename(file));
    await this.page.locator(".notebookOverlay .code-cell-row .view-lines").first().waitFor();
    // Cells out of sight are not there: the notebook's own keys go to the last one and into it.
    await this.command("Focus Last Cell");
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
    await this.press("Enter");
    await this.page.locator(".notebookOverlay .monaco-editor.focused").waitFor();
    await this.press("Control+End");
    await this.#idle();
  }

  /** Run a command by its title in the palette. */
  async command(title: string): Promise<void> {
    await this.#pick("F1", `>${title}`, title);
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: KEY_DELAY_MS });
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      await this.page.keyboard.press(key);
      await sleep(KEY_DELAY_MS);
    }
  }

  /** The ghost text on the screen, its lines joined; empty if there is none. */
  async ghostText(): Promise<string> {
    const parts = await this.page.evaluate(() => {
      const inline = [
        ...document.querySelectorAll(".ghost-text-decoration, .ghost-text-decoration-preview"),
      ];
      const below = [
        ...document.querySelectorAll(".suggest-preview-text .view-line, .ghost-text .view-line"),
      ];
      return [
        inline.map((element) => element.textContent).join(""),
        ...below.map((element) => element.textContent),
      ];
    });
    return parts.join("\n").replaceAll("\u00a0", " ").trimEnd();
  }

  /** Wait until the ghost text is what is expected, and fail with what it is. */
  async expectGhostText(expected: string | RegExp): Promise<string> {
    return await this.#expect("ghost text", expected, () => this.ghostText());
  }

  /**
   * Wait for ghost text that begins as expected and has been drawn to its end; returns all of it.
   * How far a model goes is its own affair: what is shown is what a test compares with.
   */
  async expectSuggestion(start: string): Promise<string> {
    return await this.#expectSettled(new RegExp(`^${RegExp.escape(start)}`));
  }

  /** Wait for ghost text that is another. */
  async expectOtherSuggestion(known: string): Promise<string> {
    return await this.#expectSettled(new RegExp(`^(?!${RegExp.escape(known)}$)[^]+`));
  }

  async expectNoGhostText(): Promise<void> {
    await this.#expect("ghost text", /^$/, () => this.ghostText());
  }

  /** Save, and wait until the file on disk holds what is expected. */
  async expectSaved(file: string, expected: string | RegExp): Promise<void> {
    await this.press("Control+KeyS");
    await this.#expect(file, expected, () =>
      Promise.resolve(readFileSync(path.join(this.server.folder, file), "utf8")),
    );
  }

  /** The label of our item in the status bar, which says state and message. */
  async status(): Promise<string> {
    const item = this.page.locator('[id="sidelong.sidelong.sidelong"]');
    return (await item.count()) ? ((await item.first().getAttribute("aria-label")) ?? "") : "";
  }

  async expectStatus(expected: RegExp): Promise<string> {
    return await this.#expect("status", expected, () => this.status());
  }

  /** The messages in the corner. */
  async notifications(): Promise<string> {
    const found = await this.page.locator(".notification-list-item-message").allTextContents();
    return found.join("\n");
  }

  async expectNotification(expected: RegExp): Promise<string> {
    return await this.#expect("notifications", expected, () => this.notifications());
  }

  /** Wait until the explanation says what is expected. */
  async panelText(expected: RegExp): Promise<string> {
    return await this.#expect("explanation", expected, () =>
      this.#panel()
        .locator("body")
        .innerText({ timeout: 2_000 })
        .catch(() => ""),
    );
  }

  /** Follow a link of the explanation. */
  async clickInPanel(name: RegExp): Promise<void> {
    await this.#panel().getByRole("link", { name }).first().click();
  }

  /** Keep a picture, of a part of the window if one is named; they lie in build/editors/vscode. */
  async screenshot(name: string, part?: Part): Promise<void> {
    const folder = places().screenshots;
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({
      path: path.join(folder, `${name}.png`),
      ...(part && { clip: part }),
    });
  }

  /** The explanation: VS Code puts a webview's page into a frame within a frame. */
  #panel(): FrameLocator {
    return this.page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
  }

  /**
   * Wait until what VS Code puts off until it is idle is there.
   * A new editor's ghost text is among that: what is typed before asks no server, on a busy machine.
   */
  async #idle(): Promise<void> {
    await this.page.evaluate(
      (timeout) =>
        new Promise((resolve) => {
          requestIdleCallback(resolve, { timeout });
        }),
      // Its own are run after 5 seconds at the latest.
      TIMEOUT_MS / 4,
    );
  }

  /** Open the box in the middle, fill it, wait for the entry and take it. */
  async #pick(key: string, text: string, entry: string): Promise<void> {
    const box = this.page.locator(".quick-input-widget");
    await this.page.keyboard.press(key);
    await box.locator("input[type=text]").fill(text);
    if (entry) {
      await box.locator(".monaco-list-row.focused", { hasText: entry }).first().waitFor();
    }
    await this.page.keyboard.press("Enter");
  }

  async #expectSettled(expected: RegExp): Promise<string> {
    let seen = "";
    let sinceMs = Date.now();
    return await this.#expect("ghost text", expected, async () => {
      const now = await this.ghostText();
      if (now !== seen) {
        [seen, sinceMs] = [now, Date.now()];
      }
      return Date.now() - sinceMs < SETTLED_MS ? "" : now;
    });
  }

  async #expect(
    what: string,
    expected: string | RegExp,
    read: () => Promise<string>,
  ): Promise<string> {
    const until = Date.now() + TIMEOUT_MS;
    let seen = await read();
    while (!(typeof expected === "string" ? seen === expected : expected.test(seen))) {
      if (Date.now() > until) {
        await this.screenshot(`failed-${Date.now()}`);
        throw new Error(
          `expected ${what} ${JSON.stringify(String(expected))}, saw ${JSON.stringify(seen)}\n` +
            `the focus is on ${await this.page.evaluate(() => document.activeElement?.className)}\n` +
            `the end of the log:\n${this.server.log().slice(-2_000)}`,
        );
      }
      await sleep(POLL_MS);
      seen = await read();
    }
    return seen;
  }
}
