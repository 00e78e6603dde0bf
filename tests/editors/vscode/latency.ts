/**
 * How long a person waits for ghost text in VS Code: from the window's opening until all is
 * ready, and from a keystroke to the text in the DOM. `run.sh latency.ts` runs it.
 *
 * The same place is asked again and again, so that after the first time the server recalls its answer:
 * what is left is what the editor and the protocol take. What the model takes, `bench` measures.
 */

import { setTimeout as sleep } from "node:timers/promises";

import { REST, UNFINISHED } from "./support/samples.ts";
import { Workbench } from "./support/workbench.ts";

const KEYSTROKES = 40;

const code = await Workbench.start({ files: { "typed.py": UNFINISHED } });
try {
  await code.expectStatus(/ready/);
  console.log(`page load to ready         ${Math.round(await sinceLoad())} ms`);
  await code.open("typed.py");
  console.log(`the first ghost text       ${Math.round(await keystroke())} ms after its keystroke`);
  await code.expectSuggestion(REST);
  await code.press("Escape", "Backspace");
  const times: number[] = [];
  for (let i = 0; i < KEYSTROKES; i++) {
    times.push(await keystroke());
    await code.press("Escape", "Backspace");
    await sleep(200);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => Math.round(times[Math.floor(share * times.length)] ?? NaN);
  console.log(`keystroke to recalled text ${at(0.5)} ms median, ${at(0.9)} ms in 9 of 10`);
  console.log(`keystrokes                 ${times.length}`);
} finally {
  await code.stop();
}

async function sinceLoad(): Promise<number> {
  return await code.page.evaluate(() => performance.now());
}

/** Milliseconds, by the page's own clock, from the key's event to ghost text in the DOM. */
async function keystroke(): Promise<number> {
  const seen = code.page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let pressed = 0;
        const watch = new MutationObserver(() => {
          if (pressed && document.querySelector(".ghost-text-decoration")) {
            watch.disconnect();
            requestAnimationFrame(() => {
              resolve(performance.now() - pressed);
            });
          }
        });
        watch.observe(document.body, { subtree: true, childList: true });
        document.addEventListener("keydown", () => (pressed = performance.now()), {
          capture: true,
          once: true,
        });
      }),
  );
  await sleep(50);
  await code.page.keyboard.press("Period");
  return await seen;
}
