"""The same keystrokes beside llama.vim at llama-server, with the same weights and threads.

Each event is answered by one side and then by the other, and the order changes each time.
`--build yes` makes llama-server first, where it is missing (see `bench.peer.build`).

    python -m bench.peer [GGUF]
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.editor import serving
from bench.peer.build import NotBuilt, server
from bench.peer.serving import served
from bench.peer.vim import MOST_WRITTEN, Vim
from bench.program import Program, Result, program
from bench.replay import Answered, ask, events, means, table, typed
from bench.sources import Package, package

from sidelong.engine import default_threads, load_model

MOST_BATCH = 1024


@contextmanager
def llama_server(executable: Path, model: Path, threads: int) -> Iterator[str]:
    """The address of a llama-server with llama.vim's recommended settings, suited to the model.

    It reads the code after the cursor first (`--spm-infill`), as models of ours were trained to;
    otherwise it would read all of that again at each key.
    """
    batch = str(_batch(model))
    options = ["-t", str(threads), "-tb", str(threads), "-c", "0", "-np", "1"]
    # It leaves room for the text that it writes only if it is told of it here, too.
    options += ["-n", str(MOST_WRITTEN)]
    options += ["-ub", batch, "-b", batch, "--cache-reuse", "256", "--spm-infill"]
    with served(executable, model, options) as llama:
        yield llama.url


def _batch(model: Path) -> int:
    """Tokens of a batch; the code around the cursor is cut to it, and must fit the context."""
    loaded = load_model(model, n_ctx=256)
    architecture = loaded.metadata("general.architecture")
    trained = int(loaded.metadata(f"{architecture}.context_length") or MOST_BATCH)
    loaded.close()
    return max(256, min(MOST_BATCH, (trained - MOST_WRITTEN) // 256 * 256))


async def side_by_side(
    run: Program, code: Package, url: str, threads: int
) -> dict[str, list[Answered]]:
    """All events, each answered by both sides."""
    sides: dict[str, list[Answered]] = {"sidelong": [], "llama.vim": []}
    vim = Vim(url)
    async with serving(run.model, code.root, threads=threads) as editor:
        for i, event in enumerate(events(run, code)):
            for side in sorted(sides, reverse=bool(i % 2)):
                if side == "sidelong":
                    asked = await ask(editor, code, event)
                else:
                    asked = await asyncio.to_thread(vim.ask, event)
                sides[side].append(Answered(event.kind, asked))
            if sys.stderr.isatty():
                print(f"\r{i}", end="", file=sys.stderr)
    return sides


def results(sides: dict[str, list[Answered]]) -> Iterator[Result]:
    ours, theirs = typed(sides["sidelong"]), typed(sides["llama.vim"])
    our_tokens = sum(each.read + each.written for each in ours)
    their_tokens = sum(each.read + each.written for each in theirs)
    counts: dict[str, float] = {"keys": len(ours)}
    for name, side in (("ours", ours), ("theirs", theirs)):
        read, written, _ = means(side)
        counts |= {f"{name}_read": read, f"{name}_written": written}
    yield Result(
        "peer_tokens_typing", our_tokens / max(1, their_tokens), "x", "llama.vim, a key", counts
    )
    our_s, their_s = (sum(each.ms for each in side) / 1000 for side in (ours, theirs))
    counts = {"ours_s": our_s, "theirs_s": their_s}
    yield Result("peer_wall", our_s / their_s, "x", "llama.vim, all keys", counts)


def main(arguments: Sequence[str] | None = None) -> None:
    run = program(
        "bench.peer", __doc__, arguments, ("--build", "yes: make llama-server where it is missing")
    )
    threads, code = default_threads(), package("prompt-toolkit")
    try:
        executable = server(build=run.options.build == "yes")
        with llama_server(executable, run.model, threads) as url:
            sides = asyncio.run(side_by_side(run, code, url, threads))
    except NotBuilt as error:
        print(error, file=sys.stderr)
        return
    print("\n".join(table(sides)))
    run.leave(*results(sides))


if __name__ == "__main__":
    main()
