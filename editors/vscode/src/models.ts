/** The models that the server knows, as `sidelong model list` tells them. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { isolated } from "./isolation.ts";

export interface Model {
  name: string;
  path: string;
  /** What the config file uses it as, if anything: "model" or "policy". */
  in_use_as: string | null;
  size_bytes: number;
  licence: string | null;
  /** Whether it can say when other files would help. */
  decides: boolean;
  /** Why it cannot be used; null if it can. */
  problem: string | null;
}

/** The names of the models that come with the server. */
const SHIPPED = ["default", "nano"];

/** Whether the model comes with the server, which chooses between those by the machine's speed. */
export function isShipped(model: Model): boolean {
  return SHIPPED.includes(model.name);
}

/**
 * The setting that lets the server take the shipped model that suits the machine: none, unless
 * the config file names another model, which `sidelong model use` may have written.
 */
export function shippedSetting(models: Model[]): string | undefined {
  const used = models.find((model) => model.in_use_as === "model");
  return !models.some(isShipped) || (used && isShipped(used)) ? undefined : "auto";
}

/** The models on this machine; none if the server at `path` is too old to tell. */
export async function installedModels(path: string): Promise<Model[]> {
  try {
    const options = { ...isolated(), timeout: 30_000 };
    const { stdout } = await promisify(execFile)(path, ["model", "list", "--json"], options);
    return (JSON.parse(stdout) as { models: Model[] }).models;
  } catch {
    return [];
  }
}

/** A line about a model: its size, its licence, and what one should know. */
export function description(model: Model): string {
  const megabytes = `${Math.round(model.size_bytes / 1e6).toLocaleString("en")} MB`;
  const words = [megabytes, model.licence, model.decides ? "decides by itself" : null];
  return model.problem ?? words.filter(Boolean).join(", ");
}
