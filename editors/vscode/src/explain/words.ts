/** The server's short words for what happened, as sentences; words not known here stay. */

import type { ExplainedRequest, Gate, Remote } from "./explanation.ts";

const UNSURE = /^unsure \((\d\.\d+)\)$/;

/** What became of the request. */
export function outcome({ outcome, reason, accepted, recalled }: ExplainedRequest): string {
  if (outcome === "shown" && accepted) {
    return "A suggestion was shown and accepted.";
  }
  if (outcome === "shown" && recalled) {
    return "You typed along the suggestion, and the rest of it was shown.";
  }
  if (outcome === "empty" && UNSURE.test(reason)) {
    return "The model was not sure enough to suggest something.";
  }
  return OUTCOMES[outcome] ?? outcome;
}

/** Why nothing came, or what shortened the text: one sentence for each reason. */
export function reasons(reason: string): string[] {
  const unsure = UNSURE.exec(reason);
  if (unsure) {
    return [withheld(Number(unsure[1]))];
  }
  const words = reason.split(", ");
  return words.every((word) => word in REASONS)
    ? words.map((word) => REASONS[word] ?? word)
    : [reason].filter(Boolean);
}

function withheld(probability: number): string {
  const percent = (100 * probability).toFixed(1);
  return (
    `The model found its own text only ${percent} % probable, less than ` +
    "sidelong.minProbability asks for. Trigger Inline Suggestion shows it all the same."
  );
}

/** What a remote model had to do with it: one sentence, or none where there is no such model. */
export function elsewhere(remote: Remote | null | undefined): string[] {
  if (!remote) {
    return [];
  }
  const { host, problem, sent_characters } = remote;
  const sent = `${String(sent_characters)} characters were sent there.`;
  return problem
    ? [`${host} did not complete, so the model here did: ${problem}. ${sent}`]
    : [`${host} completed. ${sent}`];
}

/** How it came that other files were looked at, or not. */
export function decision(gate: Gate): string {
  const { threshold, rule, retrieved } = gate;
  const probability = gate.corrected ?? gate.probability;
  switch (rule) {
    case "always":
      return retrieved
        ? "The settings say: always look at other files."
        : "The settings say: always look at other files, but none was similar.";
    case "never":
      return "The settings say: never look at other files.";
  }
  if (probability === null) {
    return "This model cannot say whether other files would help, so they were not looked at.";
  }
  const wanted = rule === "greedy" ? retrieved : probability >= threshold;
  if (wanted && !retrieved) {
    return "The model expected other files to help, but none was similar.";
  }
  return retrieved
    ? "The model expected other files to help, so they were looked at."
    : "The model did not expect other files to help, so they were not looked at.";
}

const OUTCOMES: Record<string, string> = {
  shown: "A suggestion was shown.",
  empty: "There was nothing to suggest.",
  superseded: "You went on typing, and a newer request took its place.",
  cancelled: "VS Code took the request back, as it does when you go on typing or move the cursor.",
  stale: "The text had changed by the time the suggestion was there, so it was not shown.",
  off: "Suggestions are off here.",
  "not ready": "The server was not ready.",
  failed: "The server failed. The log says more.",
};

const REASONS: Record<string, string> = {
  empty: "The model had nothing to add.",
  "suffix-overlap": "Cut where it would have repeated the code after the cursor.",
  "line-above": "Cut where it would have repeated the line above.",
  repetition: "Cut where it began to repeat itself.",
  "single-line": "Cut to one line, because code follows on the line.",
  unbalanced: "Cut where it would have closed a bracket that is not open, or left one open.",
  syntax: "Cut where it would have brought a syntax error into the file.",
  dedent: "Cut where it would have left the block.",
  "max-lines": "Cut at the longest length that the settings allow.",
  closers: "It replaces the closing brackets or quotes that stand after the cursor.",
  indentation: "Indented as the rest of the file is.",
  "white-space": "White space at its end was taken off.",
};
