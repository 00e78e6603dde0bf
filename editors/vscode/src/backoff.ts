/**
 * How long to wait before a crashed server is started again, and when to give up.
 * Knows no clock: the caller says what time it is.
 */

const DELAYS_MS = [500, 2_000, 5_000, 15_000, 30_000] as const;

/** A server that ran this long was well: its end begins a new series. */
const WELL_AFTER_MS = 5 * 60_000;

export interface Verdict {
  /** Undefined: do not start it again. */
  delayMs: number | undefined;
  /** Whether this is the first crash of a series, which is the one the user hears of. */
  first: boolean;
}

/** Counts the crashes of one series. */
export class Backoff {
  #crashes = 0;

  /** What to do about a crash of a server that was started at `startedMs`. */
  crashed(startedMs: number, nowMs: number): Verdict {
    if (nowMs - startedMs >= WELL_AFTER_MS) {
      this.#crashes = 0;
    }
    const verdict = { delayMs: DELAYS_MS[this.#crashes], first: this.#crashes === 0 };
    this.#crashes += 1;
    return verdict;
  }

  /** Forget the series: the user has asked for a new start. */
  reset(): void {
    this.#crashes = 0;
  }
}
