/**
 * A code-server with the packaged extension, in a home of its own: VS Code's real workbench and
 * extension host. What is done in it is `workbench`'s.
 */

import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { places } from "./places.ts";
import { pythonExtension } from "./python_extension.ts";

export interface Options {
  /** The workspace's files by their path; `.vscode/settings.json` is one like any other. */
  files: Record<string, string>;
  /** What to open, if not the folder with all files: a `.code-workspace` among them. */
  workspace?: string;
  /** The user's settings, on top of those that keep VS Code quiet. */
  settings?: Record<string, unknown>;
  /** Whether the user has told where the server is; true unless said otherwise. */
  serverKnown?: boolean;
  trusted?: boolean;
  /** Whether `PYTHONPATH` names the workspace's folder. */
  pythonPath?: boolean;
  /** The Python that is selected in the Python extension, which is there only if this is given. */
  python?: string;
}

export interface CodeServer {
  url: string;
  /** The workspace's folder. */
  folder: string;
  /** A home that only this editor has. */
  home: string;
  /** What our log in VS Code says so far. */
  log(): string;
  /** The messages to and from the server so far, if `sidelong.trace.server` is on. */
  trace(): string;
  stop(): Promise<void>;
}

/** Nothing but what a test types may happen in the editor. */
const QUIET = {
  "chat.disableAIFeatures": true,
  "editor.quickSuggestions": { other: "off", comments: "off", strings: "off" },
  "editor.suggestOnTriggerCharacters": false,
  "editor.wordBasedSuggestions": "off",
  "editor.parameterHints.enabled": false,
  "editor.hover.enabled": "off",
  "editor.minimap.enabled": false,
  "editor.fontFamily": "DejaVu Sans Mono",
  "editor.fontSize": 14,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  // A line for each request; a test that fails shows the last of them.
  "sidelong.server.logLevel": "debug",
  // What is tested is the editor: also an unsure model's text is shown.
  "sidelong.minProbability": 0,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  // Pictures are not taken half faded in.
  "workbench.reduceMotion": "on",
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
};

/** What has no key until the user gives it one. */
const KEYS = [
  {
    key: "ctrl+alt+down",
    command: "editor.action.inlineSuggest.acceptNextLine",
    when: "inlineSuggestionVisible",
  },
  { key: "ctrl+alt+space", command: "editor.action.inlineSuggest.trigger" },
];

const UP_WITHIN_MS = 60_000;

export async function startCodeServer(options: Options): Promise<CodeServer> {
  const { codeServer, nodeBin, server } = places();
  const home = mkdtempSync(path.join(tmpdir(), "sidelong-vscode-"));
  const folder = path.join(home, "work");
  const data = path.join(home, "data");
  writeFiles(folder, options.files);
  // VS Code takes settings of scope "machine" from the machine's own file when it is a remote.
  const known = (options.serverKnown ?? true) ? { "sidelong.server.path": server } : {};
  const settings = { ...QUIET, ...known, ...options.settings };
  writeFiles(data, {
    "User/settings.json": JSON.stringify(settings),
    "User/keybindings.json": JSON.stringify(KEYS),
    "Machine/settings.json": JSON.stringify(settings),
  });
  const extensions = extensionsFolder(home, options);
  const variables = options.pythonPath ? { PYTHONPATH: folder } : {};
  const port = await freePort();
  const child = spawn(
    codeServer,
    [
      ...["--user-data-dir", data, "--extensions-dir", extensions, "--auth", "none"],
      ...["--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry", "--disable-update-check"],
      ...((options.trusted ?? true) ? ["--disable-workspace-trust"] : []),
      "--disable-getting-started-override",
    ],
    {
      env: { ...environment(home, nodeBin), ...variables },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const log = collect(child);
  const base = `http://127.0.0.1:${port}`;
  await waitUntilUp(base, child, log);
  const what = options.workspace
    ? `workspace=${encodeURIComponent(path.join(folder, options.workspace))}`
    : `folder=${encodeURIComponent(folder)}`;
  return {
    url: `${base}/?${what}`,
    folder,
    home,
    log: () => read(data, /sidelong\.log$/),
    trace: () => read(data, /sidelong trace\.log$/),
    stop: async () => {
      await end(child);
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

export function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** What VS Code's logs of this name say so far. */
function read(data: string, name: RegExp): string {
  const files = readdirSync(path.join(data, "logs"), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => name.test(file))
    .flatMap((file) => readFileSync(path.join(data, "logs", file), "utf8").split("\n"))
    .filter((line) => !line.includes("llama.cpp: "))
    .join("\n");
}

/** The folder with our extension, and with another beside it where that is wanted. */
function extensionsFolder(home: string, { python }: Options): string {
  const { extensions } = places();
  if (!python) {
    return extensions;
  }
  const folder = path.join(home, "extensions");
  for (const name of readdirSync(extensions).filter((name) => name.startsWith("sidelong."))) {
    cpSync(path.join(extensions, name), path.join(folder, name), { recursive: true });
  }
  writeFiles(path.join(folder, "ms-python.python-0.0.1"), pythonExtension(python));
  return folder;
}

/** A home and a PATH of its own, so that nothing installed on this machine takes part. */
function environment(home: string, nodeBin: string): NodeJS.ProcessEnv {
  return {
    HOME: home,
    PATH: `${nodeBin}:/usr/bin:/bin`,
    XDG_CONFIG_HOME: path.join(home, ".config"),
    XDG_CACHE_HOME: path.join(home, ".cache"),
    XDG_DATA_HOME: path.join(home, ".local/share"),
    LANG: "C.UTF-8",
    // Says that this machine is a slow one: run.sh writes it.
    SIDELONG_SPEED_FILE: process.env.SIDELONG_SPEED_FILE,
    // No gallery: nothing here asks the network.
    EXTENSIONS_GALLERY: "{}",
    SHELL: "/bin/sh",
  };
}

function collect(child: ChildProcess): string[] {
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (data: Buffer) => log.push(data.toString()));
  }
  return log;
}

async function waitUntilUp(base: string, child: ChildProcess, log: string[]): Promise<void> {
  const until = Date.now() + UP_WITHIN_MS;
  while (Date.now() < until && child.exitCode === null) {
    try {
      if ((await fetch(`${base}/healthz`)).ok) {
        return;
      }
    } catch {
      // Not yet listening.
    }
    await sleep(200);
  }
  await end(child);
  throw new Error(`code-server did not come up:\n${log.join("")}`);
}

/** End the process group: code-server, its extension host, and the language server. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) {
    return;
  }
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGTERM");
  if ((await Promise.race([ended, sleep(5_000, "late")])) === "late") {
    process.kill(-child.pid, "SIGKILL");
    await ended;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address ? address.port : 0;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}
