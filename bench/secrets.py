"""Measures the cost of masking secrets, the code that it takes, and the tokens that it misses.

Code is that of the folders given, language by language, or else the packages of this Python; every
line of it that loses something counts as an error, though some hold hashes, which look like tokens.
Files that an index would leave out whole do not count. Tokens are random, in forms of which some
are known to no rule, each in a line of Python.

    python bench/secrets.py [--show] [FOLDER | PACKAGE ...]      by default all installed packages
"""

from __future__ import annotations

import argparse
import random
import sysconfig
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

from sidelong_index import mask_secrets, secret_spans, select_texts

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
LANGUAGES = {
    "Python": "py pyi",
    "JavaScript": "js mjs cjs jsx",
    "TypeScript": "ts mts cts tsx",
    "Go": "go",
    "Rust": "rs",
    "Java": "java",
    "C and C++": "c h cc cpp hpp cxx",
}
"""Endings of their files; all other files are not measured."""

_LANGUAGE_OF = {f".{end}": name for name, ends in LANGUAGES.items() for end in ends.split()}


def _read(folder: Path) -> Iterator[tuple[str, str, str]]:
    """The language, path and text of all files of code that an index of the folder holds."""
    # The packages lie in a folder that no index enters unless it is opened itself.
    for path, text in select_texts(folder):
        language = _LANGUAGE_OF.get(Path(path).suffix)
        if language is not None:
            yield language, f"{folder.name}/{path}", text


def _masked_lines(text: str) -> list[int]:
    """The lines that lose something, from 0."""
    spans = secret_spans(text)
    starts = [text.count("\n", 0, span.start) for span in spans]
    ends = [start + text.count("\n", *span) for start, span in zip(starts, spans, strict=True)]
    return sorted({line for a, b in zip(starts, ends, strict=True) for line in range(a, b + 1)})


def measure_code(folders: list[Path], *, show: bool) -> None:
    """Print the share of each language's lines that lose something, and the time for all."""
    files, lines, masked, in_tests = (defaultdict[str, int](int) for _ in range(4))
    characters, cpu_s = 0, 0.0
    for folder in folders:
        for language, path, text in _read(folder):
            start_s = time.process_time()
            lost = _masked_lines(text)
            cpu_s += time.process_time() - start_s
            characters += len(text)
            files[language] += 1
            lines[language] += text.count("\n")
            masked[language] += len(lost)
            in_tests[language] += len(lost) if "test" in path.lower() else 0
            if show:
                for line in lost:
                    print(f"{path}:{line + 1}: {text.splitlines()[line].strip()[:100]}")
    for name in sorted(files):
        print(
            f"{name}: {files[name]:,} files, {lines[name]:,} lines, {masked[name]:,} lose", end=" "
        )
        print(f"something ({100 * masked[name] / max(1, lines[name]):.3f} %)", end=", ")
        print(f"{in_tests[name]:,} of them in tests")
    print(f"{cpu_s * 1000 / max(1, characters) * 1e6:.0f} ms/MB")


def measure_tokens() -> None:
    """Print the share of random tokens that are left."""
    rng = random.Random(0)
    for name, (alphabet, n) in FORMS.items():
        for place in ("x = '{}'", "API_TOKEN = '{}'"):
            tokens = ["".join(rng.choices(alphabet, k=n)) for _ in range(TOKENS)]
            left = sum(token in mask_secrets(place.format(token)) for token in tokens)
            print(f"{name} in {place}: {100 * left / TOKENS:.1f} % are left")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", nargs="*", metavar="FOLDER | PACKAGE")
    parser.add_argument("--show", action="store_true", help="print each line that loses something")
    args = parser.parse_args()
    site = Path(sysconfig.get_paths()["purelib"])
    places = [Path(name) if Path(name).is_dir() else site / name for name in args.places] or [site]
    mask_secrets("token1234567890")  # Reads the rules.
    measure_code([place.resolve() for place in places], show=args.show)
    measure_tokens()


if __name__ == "__main__":
    main()
