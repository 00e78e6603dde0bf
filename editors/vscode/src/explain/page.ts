/**
 * The explanation as a page without scripts: everything is text, and links are commands.
 * What it says in sentences is `words`'; where it is shown `panel`'s.
 */

import type { Chunk, ExplainedRequest, Explanation, Gate, Remote, Window } from "./explanation.ts";
import { decision, elsewhere, outcome, reasons } from "./words.ts";

export interface Place {
  /** What the page's style sheet is loaded from, and the source that allows it. */
  style: string;
  cspSource: string;
  /** A link that opens a chunk; undefined where its file is not known. */
  link: (chunk: Chunk) => string | undefined;
}

/** The whole page; `explanation` is undefined while no server answers. */
export function page(
  explanation: Explanation | undefined,
  status: { state: string; message: string },
  place: Place,
): string {
  const request = explanation?.request;
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src ${place.cspSource}"
        />
        <link rel="stylesheet" href="${place.style}" />
        <title>Why this suggestion?</title>
      </head>
      <body>
        ${raw(request ? requestPart(request, place) : nothingYet())}
        <footer>Server: ${status.state}. ${status.message}.</footer>
      </body>
    </html>`;
}

function nothingYet(): string {
  return html`<h1>Nothing has been asked yet</h1>
    <p>Type in a file, and this page says why something was suggested, or why not.</p>`;
}

function requestPart(request: ExplainedRequest, place: Place): string {
  const parts = [
    html`<h1>${outcome(request)}</h1>`,
    html`<p class="file">${fileName(request.uri)}, request ${request.id}</p>`,
    list([...reasons(request.reason), ...elsewhere(request.remote)]),
    request.gate ? gatePart(request.gate) : "",
    request.chunks?.length ? chunksPart(request.chunks, place) : "",
    request.window ? windowPart(request.window) : "",
    numbersPart(request),
    request.remote?.sent?.length ? sentPart(request.remote) : "",
  ];
  return parts.join("\n");
}

function list(sentences: string[]): string {
  return sentences.length === 0
    ? ""
    : `<ul>${sentences.map((sentence) => html`<li>${sentence}</li>`).join("")}</ul>`;
}

/** Probability against threshold, drawn on a bar from 0 to 1. */
function gatePart(gate: Gate): string {
  const head = html`<h2>Other files</h2>
    <p>${decision(gate)}</p>`;
  const probability = gate.corrected ?? gate.probability;
  if (probability === null) {
    return head;
  }
  const p = percent(probability);
  const learnt =
    gate.corrected == null ? "" : ", corrected by what the search found, or was learnt here";
  const t = percent(gate.threshold);
  return (
    head +
    html`<svg
        class="bar"
        viewBox="0 0 100 8"
        preserveAspectRatio="none"
        role="img"
        aria-label="probability ${p} percent, threshold ${t} percent"
      >
        <rect class="track" width="100" height="8"></rect>
        <rect class="probability" width="${p}" height="8"></rect>
        <rect class="threshold" x="${Math.min(t, 99.5)}" width="0.5" height="8"></rect>
      </svg>
      <p class="legend">
        <span class="key probability"></span>probability ${p} %${learnt}
        <span class="key threshold"></span>threshold ${t}
        %${gate.rule === "greedy" ? ", not used: greedy" : ""}
      </p>`
  );
}

function chunksPart(chunks: Chunk[], place: Place): string {
  const rows = chunks.map((chunk) => {
    const name = `${chunk.path}:${chunk.start_line}-${chunk.end_line}`;
    const link = place.link(chunk);
    const shown = link ? html`<a href="${link}">${name}</a>` : html`${name}`;
    return html`<tr>
      <td>${raw(shown)}</td>
      <td class="number">${chunk.score.toFixed(2)}</td>
    </tr>`;
  });
  return `<h2>What was read</h2>
<table><tr><th>lines</th><th class="number">similarity</th></tr>${rows.join("")}</table>`;
}

function windowPart({ prefix, suffix, context, reason }: Window): string {
  return html`<h2>The window</h2>
    <p>
      At most ${prefix} tokens before the cursor, ${suffix} after it and ${context} of other files:
      ${reason}.
    </p>`;
}

const TOKENS: Record<string, string> = {
  prompt: "tokens in the prompt",
  evaluated: "tokens evaluated",
  generated: "tokens generated",
  policy: "tokens evaluated by the policy",
};

function numbersPart({ ms, tokens, probability }: ExplainedRequest): string {
  const rows = [
    ...(probability === undefined ? [] : [row("text thought right", `${percent(probability)} %`)]),
    ...Object.entries(tokens ?? {})
      .filter(([name, count]) => count > 0 || name !== "policy")
      .map(([name, count]) => row(TOKENS[name] ?? name, String(count))),
    ...Object.entries(ms).map(([stage, time]) => row(stage, `${time.toFixed(1)} ms`)),
  ];
  return `<h2>In numbers</h2><table>${rows.join("")}</table>`;
}

/** The requests to a remote model, whether they came through or not; folded, since they are long. */
function sentPart({ host, sent = [] }: Remote): string {
  const bodies = sent.map((body) => {
    const fields = Object.entries(body).map(([name, value]) =>
      typeof value === "string" ? `${name}:\n${value}` : `${name}: ${JSON.stringify(value)}`,
    );
    return html`<details>
      <summary>a request to ${host}</summary>
      <pre>${fields.join("\n\n")}</pre>
    </details>`;
  });
  return `<h2>What was sent, or tried</h2>${bodies.join("")}`;
}

function row(name: string, value: string): string {
  return html`<tr>
    <td>${name}</td>
    <td class="number">${value}</td>
  </tr>`;
}

function fileName(uri: string): string {
  const last = uri.slice(uri.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

function percent(share: number): number {
  return Math.round(share * 1000) / 10;
}

interface Raw {
  raw: string;
}

function raw(text: string): Raw {
  return { raw: text };
}

/** A template whose values are escaped, unless they say that they are HTML already. */
function html(parts: TemplateStringsArray, ...values: (string | number | Raw)[]): string {
  return parts.reduce((text, part, i) => text + shown(values[i - 1] ?? "") + part);
}

function shown(value: string | number | Raw): string {
  if (typeof value === "object") {
    return value.raw;
  }
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
