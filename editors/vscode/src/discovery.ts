/**
 * Where an installed `sidelong` may be, in the order of trying; knows nothing of VS Code.
 * Which Python environment is selected is `python_environment`'s, what to do if none is found
 * `supervisor`'s.
 */

import { access, constants, stat } from "node:fs/promises";
import path from "node:path";

export interface Machine {
  platform: NodeJS.Platform;
  env: NodeJS.ProcessEnv;
  home: string;
}

export interface Wanted {
  /** The setting `sidelong.server.path`; empty for none. */
  setting: string;
  /** Folders with programs of the selected Python environment. */
  environment: readonly string[];
}

/** A server to start, or why there is none. */
export type Found =
  { kind: "found"; path: string } | { kind: "setting-is-wrong"; path: string } | { kind: "none" };

/** The server to start: what the setting names, else the first that is installed. */
export async function findServer(wanted: Wanted, machine: Machine): Promise<Found> {
  const setting = expandHome(wanted.setting.trim(), machine);
  if (setting) {
    return (await isProgram(setting, machine))
      ? { kind: "found", path: setting }
      : { kind: "setting-is-wrong", path: setting };
  }
  for (const candidate of candidates(wanted.environment, machine)) {
    if (await isProgram(candidate, machine)) {
      return { kind: "found", path: candidate };
    }
  }
  return { kind: "none" };
}

/** Every place where an installation may have put the program: absolute paths, best first. */
export function candidates(environment: readonly string[], machine: Machine): string[] {
  const paths = flavour(machine);
  const name = machine.platform === "win32" ? "sidelong.exe" : "sidelong";
  const folders = [...searchPath(machine), ...environment, ...toolFolders(machine)];
  return [...new Set(folders.map((folder) => paths.join(folder, name)))];
}

/** `PATH` without relative entries, which would mean whatever folder happens to be current. */
function searchPath(machine: Machine): string[] {
  const paths = flavour(machine);
  const value = machine.env.PATH ?? machine.env.Path ?? "";
  return value.split(paths.delimiter).filter((folder) => paths.isAbsolute(folder));
}

/**
 * Where `uv tool` and `pipx` put programs.
 * An editor that was not started from a shell often lacks them in its `PATH`.
 */
function toolFolders(machine: Machine): string[] {
  const { env, home, platform } = machine;
  const paths = flavour(machine);
  const windows = platform === "win32";
  const data = windows
    ? (env.APPDATA ?? paths.join(home, "AppData", "Roaming"))
    : (env.XDG_DATA_HOME ?? paths.join(home, ".local", "share"));
  const inEnvironment = windows ? "Scripts" : "bin";
  const uv =
    env.UV_TOOL_DIR ??
    (windows ? paths.join(data, "uv", "data", "tools") : paths.join(data, "uv", "tools"));
  const pipx = [
    env.PIPX_HOME,
    windows ? paths.join(home, "pipx") : paths.join(data, "pipx"),
    paths.join(home, ".local", "pipx"),
    platform === "darwin" ? paths.join(home, "Library", "Application Support", "pipx") : undefined,
  ];
  return [
    env.UV_TOOL_BIN_DIR,
    env.XDG_BIN_HOME,
    env.PIPX_BIN_DIR,
    paths.join(home, ".local", "bin"),
    paths.join(uv, "sidelong", inEnvironment),
    ...pipx.map((folder) => folder && paths.join(folder, "venvs", "sidelong", inEnvironment)),
  ].filter((folder): folder is string => Boolean(folder) && paths.isAbsolute(folder ?? ""));
}

function expandHome(setting: string, machine: Machine): string {
  return /^~[/\\]/.test(setting) ? flavour(machine).join(machine.home, setting.slice(2)) : setting;
}

async function isProgram(candidate: string, machine: Machine): Promise<boolean> {
  try {
    await access(candidate, machine.platform === "win32" ? constants.F_OK : constants.X_OK);
    return (await stat(candidate)).isFile();
  } catch {
    return false;
  }
}

function flavour(machine: Machine): path.PlatformPath {
  return machine.platform === "win32" ? path.win32 : path.posix;
}
