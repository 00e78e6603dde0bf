/** What `sidelong/explain` answers: the last request of a document. */

export interface Explanation {
  status: { state: string; message: string };
  request: ExplainedRequest | null;
}

export interface ExplainedRequest {
  id: string;
  uri: string;
  outcome: string;
  reason: string;
  recalled: boolean;
  accepted: boolean;
  /** Milliseconds by stage; `total` is always there. */
  ms: Record<string, number>;
  /** How likely the model thought all of its text to be right, before anything was cut. */
  probability?: number;
  /** Null where the settings name no remote model. */
  remote?: Remote | null;
  gate?: Gate;
  chunks?: Chunk[];
  window?: Window | null;
  tokens?: { prompt: number; evaluated: number; generated: number; policy?: number };
}

export interface Remote {
  host: string;
  sent_characters: number;
  /** The bodies of the requests to it: the code that left. */
  sent?: Record<string, unknown>[];
  /** Why the model here completed; empty where the remote one did. */
  problem: string;
}

export interface Gate {
  probability: number | null;
  threshold: number;
  rule: string;
  retrieved: boolean;
  /** What was compared with the threshold, where the model has a formula or the folder a correction. */
  corrected?: number | null;
}

/** The most tokens that the model is shown, and why. */
export interface Window {
  prefix: number;
  suffix: number;
  context: number;
  reason: string;
}

export interface Chunk {
  path: string;
  start_line: number;
  end_line: number;
  score: number;
}
