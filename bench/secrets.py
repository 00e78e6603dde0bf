"""Measures the cost of masking secrets, the code that it takes, and the tokens that it misses.

Code is the packages of this Python; every line of it that loses something counts as an error,
though some hold hashes, which look like tokens. Tokens are random, in forms of which some are known
to no rule, each in a line of Python.

    python bench/secrets.py [PACKAGE ...]        by default all installed packages
"""

from __future__ import annotations

import random
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

from sidelong_index import mask_secrets, secret_spans

TOKENS = 2000
FORMS = {
    "20 letters and digits": (ascii_letters + digits, 20),
    "32 letters and digits": (ascii_letters + digits, 32),
    "40 letters, digits, - and _": (ascii_letters + digits + "-_", 40),
    "24 small letters and digits": (ascii_lowercase + digits, 24),
    "24 capitals and digits": (ascii_uppercase + digits, 24),
    "32 hexadecimal digits": (digits + "abcdef", 32),
    "64 hexadecimal digits": (digits + "abcdef", 64),
}


def read(folders: list[Path]) -> Iterator[str]:
    """The text of all Python files."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield path.read_text(encoding="utf-8", errors="replace")


def masked_lines(text: str) -> int:
    """The number of lines that lose something."""
    spans = secret_spans(text)
    starts = [text.count("\n", 0, span.start) for span in spans]
    ends = [start + text.count("\n", *span) for start, span in zip(starts, spans, strict=True)]
    return len({line for a, b in zip(starts, ends, strict=True) for line in range(a, b + 1)})


def main() -> None:
    site = Path(sysconfig.get_paths()["purelib"])
    texts = list(read([site / name for name in sys.argv[1:]] or [site]))
    lines = sum(text.count("\n") for text in texts)
    mask_secrets("token1234567890")  # Reads the rules.
    start = time.process_time()
    masked = sum(map(masked_lines, texts))
    cpu_ms = (time.process_time() - start) * 1000
    print(f"{len(texts):,} files, {lines:,} lines: {masked:,} lose something", end=" ")
    print(f"({100 * masked / lines:.4f} %); {cpu_ms / sum(map(len, texts)) * 1e6:.0f} ms/MB")
    rng = random.Random(0)
    for name, (alphabet, n) in FORMS.items():
        for place in ("x = '{}'", "API_TOKEN = '{}'"):
            tokens = ["".join(rng.choices(alphabet, k=n)) for _ in range(TOKENS)]
            left = sum(token in mask_secrets(place.format(token)) for token in tokens)
            print(f"{name} in {place}: {100 * left / TOKENS:.1f} % are left")


if __name__ == "__main__":
    main()
