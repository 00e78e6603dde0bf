"""The cost of the index: chunking and posting a tree of Python, and searching it.

Queries are the surroundings of random places in random files of the tree.

    python -m bench.index [FOLDER]        by default this Python's own packages
"""

from __future__ import annotations

import random
import statistics
import sys
import sysconfig
import time
from pathlib import Path

from sidelong_index import Exclusion, build, query_around

MOST_CHARS = 20_000_000
QUERIES = 300
K = 18
"""As many as retrieval asks for: three times the six chunks that are shown."""


def read(root: Path) -> list[tuple[str, str]]:
    """Files of the tree in a random but fixed order, up to MOST_CHARS."""
    paths = sorted(path for path in root.rglob("*.py") if path.stat().st_size < 1 << 20)
    random.Random(0).shuffle(paths)
    files, room = [], MOST_CHARS
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace")
        room -= len(text)
        if room < 0:
            break
        files.append((path.relative_to(root).as_posix(), text))
    return files


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else sysconfig.get_paths()["purelib"])
    files = read(root)
    size_mb = sum(len(text) for _, text in files) / 1e6
    start = time.process_time()
    snapshot = build(files)
    cpu_s = time.process_time() - start
    postings = sum(part.segment.postings.chunks.size for part in snapshot.parts)
    print(
        f"{len(files):,} files, {size_mb:.1f} MB: {snapshot.chunks:,} chunks, {postings:,} postings"
    )
    print(f"built in {cpu_s:.1f} s of CPU: {size_mb / cpu_s:.1f} MB/s")
    rng, cpu_ms, read_share = random.Random(1), [], []
    for _ in range(QUERIES):
        path, text = rng.choice(files)
        query, span = query_around(text, rng.randrange(len(text) + 1))
        start = time.process_time()
        ranking = snapshot.rank(query, k=K, exclude=Exclusion(path, *span))
        cpu_ms.append((time.process_time() - start) * 1000)
        read_share.append(ranking.postings_read)
    cpu_ms.sort()
    median = statistics.median(cpu_ms)
    print(f"search: {median:.1f} ms of CPU in the median, {cpu_ms[QUERIES * 99 // 100]:.1f} at p99")
    print(f"postings read in the median: {statistics.median(read_share):,.0f}")


if __name__ == "__main__":
    main()
