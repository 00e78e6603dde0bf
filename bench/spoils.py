"""The share of accepted suggestions that spoil a file: it parsed before, and does not any more.

Takes files of the languages that have a grammar from the folders that are named, makes places in
them (`places`), completes with the engine as an editor would be shown it, and accepts the whole.

    python -m bench.spoils FOLDER... [-n 200] [--model GGUF] [--by-hand] [--show KIND]
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.places import Place, places

from sidelong.engine import Answer, Cancel, Completer, Request, load_model
from sidelong.language import language_id
from sidelong.paths import default_model
from sidelong.settings import Settings
from sidelong_index import parses

LANGUAGES = {
    # language id: what its grammar is called
    "python": "python",
    "javascript": "javascript",
    "typescript": "typescript",
    "typescriptreact": "tsx",
    "go": "go",
    "rust": "rust",
    "java": "java",
    "c": "c",
    "cpp": "cpp",
}
MOST_CHARACTERS = 60_000
"""A longer file is parsed too slowly for as many places as this takes."""

_ATTEMPTS = 20


@dataclass(frozen=True)
class Accepted:
    """A place with the suggestion that was shown there, and the document once it is accepted."""

    language: str
    place: Place
    answer: Answer

    @property
    def after(self) -> str:
        """The rest of the document after the suggestion."""
        return self.place.after[self.answer.replace_after :]

    @property
    def document(self) -> str:
        return self.place.before + self.answer.text + self.after

    @property
    def is_right(self) -> bool:
        """True if the document is again as its authors wrote it, to the end of the text's lines."""
        return (self.place.gone + self.place.after).startswith(self.answer.text + self._line_after)

    @property
    def _line_after(self) -> str:
        return self.after.partition("\n")[0]


def files(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """The files below `folders` by language."""
    found: dict[str, list[Path]] = {language: [] for language in LANGUAGES}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            language = language_id(path) if path.is_file() else ""
            if language in found and 500 < path.stat().st_size < MOST_CHARACTERS:
                found[language].append(path)
    return found


def sample(paths: list[Path], language: str, n: int) -> Iterator[tuple[Path, Place]]:
    """At most `n` places whose documents parse, of files that do, spread over the files."""
    rng = random.Random(language)
    rng.shuffle(paths)
    sources = []
    for path in paths[:n]:
        text = path.read_text(encoding="utf-8", errors="replace")
        if parses(text, LANGUAGES[language]):
            sources.append((path, places(text, rng)))
    taken = 0
    for _ in range(_ATTEMPTS * n):
        if taken >= n or not sources:
            return
        path, found = rng.choice(sources)
        place = next(found, None)
        if place is not None and parses(place.before + place.after, LANGUAGES[language]):
            taken += 1
            yield path, place


def doubled(it: Accepted) -> bool:
    """A quote behind the cursor that the text brings as well."""
    quote = it.place.after[:1]
    if quote not in ("'", '"', "`") or it.answer.replace_after:
        return False
    own = re.sub(r"\\.|(?<=\w)'(?=\w)", "", it.answer.text)
    return own.count(quote) % 2 == 1


def left_open(it: Accepted) -> bool:
    """A bracket that the text opens and does not close, with something behind it on the line."""
    code = re.sub(r"""(["'`])(?:\\.|(?!\1)[^\\\n])*\1""", "", it.answer.text)
    depth = 0
    for sign in re.findall(r"[()\[\]{}]", code):
        depth = depth + 1 if sign in "([{" else max(0, depth - 1)
    return depth > 0 and bool(it.after.partition("\n")[0].strip())


def line_again(it: Accepted) -> bool:
    """A last line that is the first line below."""
    rest, _, below = it.after.partition("\n")
    last = (it.place.before + it.answer.text).rpartition("\n")[2]
    first = next((line for line in below.split("\n") if line.strip()), "")
    same = bool(first) and first.rstrip() == last.rstrip()
    return same and not rest.strip() and first.strip()[0] not in ")]}"


def other_sign(it: Accepted) -> bool:
    """A line that is indented with tabs in a document of spaces, or the reverse."""
    document = it.place.before + it.place.after
    tabs, spaces = (len(re.findall(rf"^{sign}", document, re.M)) for sign in ("\t", "  "))
    wrong = r"^[ ]*\t" if spaces > 10 * tabs else r"^\t*[ ]{2}" if tabs > 10 * spaces else "(?!)"
    return re.search(wrong, it.answer.text.partition("\n")[2], re.M) is not None


def spoiled(it: Accepted) -> bool:
    """A document that parsed and does not any more."""
    return not parses(it.document, LANGUAGES[it.language])


HARMS: dict[str, Callable[[Accepted], bool]] = {
    "spoiled": spoiled,
    "doubled": doubled,
    "left open": left_open,
    "line again": line_again,
    "other sign": other_sign,
}


def complete(completer: Completer, path: Path, place: Place, settings: Settings) -> Answer:
    request = Request(
        path=path.name,
        language=language_id(path),
        text=place.before + place.after,
        offset=len(place.before),
        settings=settings,
    )
    return completer.complete(request, snapshot=None, cancel=Cancel())


def show(it: Accepted, harm: str) -> None:
    above = "\n".join(it.place.before.split("\n")[-4:])
    below = "\n".join(it.after.split("\n")[:3])
    print(f"--- {harm}: {it.language}, {it.place.kind} ({it.answer.reason})")
    print(f"{above}«{it.answer.text}»{below}")
    print(f"--- was: {it.place.gone!r}, replaces {it.answer.replace_after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("-n", type=int, default=200, help="places of each language")
    parser.add_argument("--model", type=Path, default=default_model())
    parser.add_argument("--by-hand", action="store_true", help="show doubtful suggestions too")
    parser.add_argument("--languages", nargs="+", default=list(LANGUAGES))
    parser.add_argument(
        "--window",
        type=int,
        nargs=2,
        metavar=("PREFIX", "SUFFIX"),
        help="tokens, in place of the model's own",
    )
    parser.add_argument("--show", choices=HARMS, help="print the suggestions that do this harm")
    args = parser.parse_args()
    prefix, suffix = args.window or (None, None)
    settings = Settings(prefix_tokens=prefix, suffix_tokens=suffix)
    if args.by_hand:
        settings = replace(settings, min_probability=0.0)
    completer = Completer(load_model(args.model, threads=1))
    names = ["places", "shown", "right", *HARMS]
    print(f"| language | {' | '.join(names)} |\n|{' --- |' * (len(names) + 1)}")
    total: Counter[str] = Counter()
    found = files(args.folders)
    for language in args.languages:
        count: Counter[str] = Counter()
        for path, place in sample(found[language], language, args.n):
            answer = complete(completer, path, place, settings)
            it = Accepted(language, place, answer)
            count["places"] += 1
            if not answer.text:
                continue
            harms = [name for name, does in HARMS.items() if does(it)]
            count.update(["shown", *harms, *(["right"] if it.is_right else [])])
            if args.show in harms:
                show(it, args.show)
        print_row(language, count, names)
        total += count
    print_row("all", total, names)


def print_row(language: str, count: Counter[str], names: list[str]) -> None:
    shown = count["shown"] or 1
    cells = [f"{count[name]} ({count[name] / shown:.1%})" for name in names[2:]]
    print(
        f"| {language} | {count['places']} | {count['shown']} | {' | '.join(cells)} |", flush=True
    )


if __name__ == "__main__":
    main()
