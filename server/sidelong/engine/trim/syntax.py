"""The few facts per language that the rules need: comments, quotes, what is prose.

Reading code with them is left to `brackets`; no fact here decides by itself.
"""

import re
from dataclasses import dataclass
from functools import cached_property

_PATTERN = r"(?<=[\s=(,:;!&|?{}\[])/(?![/*\s])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/"


@dataclass(frozen=True)
class Syntax:
    """How to tell code from comments and strings."""

    remark: str = "//"  # regular expression of what starts a comment up to the line's end
    block_comments: bool = True
    quotes: str = "\"'"
    long_quotes: tuple[str, ...] = ()  # may hold line ends
    lifetimes: bool = False  # a lone ' is no quote unless it holds one character
    patterns: bool = False  # regular expressions stand between slashes
    prose: bool = False  # no indented blocks, brackets need not match
    known: bool = True  # a bracket that nobody opened is a mistake
    directives: bool = False  # lines that start with # stand outside of the indentation

    @cached_property
    def tokens(self) -> re.Pattern[str]:
        """Matches what is not plain code, by group name.

        `skip`, `pattern`, `string`: a whole comment or string.
        `remark`: a comment up to its line's end.
        `open_comment`, `open_long`, `open_quote`: the start of one that does not end.
        `bracket`: a bracket that is code.
        """
        short = self.quotes.replace("'", "") if self.lifetimes else self.quotes
        comment = [r"/\*.*?\*/"] if self.block_comments else []
        long = [rf"{q}(?:\\.|(?!{q})[^\\])*{q}" for q in self.long_quotes]
        character = [r"'(?:\\.[^\n']*|[^\\\n'])'|'(?=\w)"] if self.lifetimes else []
        groups = {
            "skip": [*comment, *long, *character],
            "pattern": [_PATTERN] if self.patterns else [],
            "remark": [rf"(?:{self.remark})[^\n]*"] if self.remark else [],
            "open_comment": [r"/\*"] if self.block_comments else [],
            "open_long": list(self.long_quotes),
            "string": [rf"{q}(?:\\.|[^\\\n{q}])*{q}" for q in short],
            "open_quote": list(short),
            "bracket": [r"[()\[\]{}]"],
        }
        named = (f"(?P<{name}>{'|'.join(found)})" for name, found in groups.items() if found)
        return re.compile("|".join(named), re.DOTALL)


_C = Syntax(directives=True)
_JAVA = Syntax(long_quotes=('"""',))
_JAVASCRIPT = Syntax(long_quotes=("`",), patterns=True)
_GO = Syntax(long_quotes=("`",))
_PYTHON = Syntax(remark="#", block_comments=False, long_quotes=('"""', "'''"))
_HASH = Syntax(remark="#", block_comments=False)
_DASH = Syntax(remark="--", block_comments=False)
_MARKUP = Syntax(remark="", block_comments=False, quotes='"')
_PROSE = Syntax(remark="", block_comments=False, quotes="", prose=True, known=False)
_UNKNOWN = Syntax(known=False)
_SHELL = Syntax(
    remark=r"(?<!\S)#", block_comments=False, quotes="", long_quotes=('"', "'"), known=False
)

_BY_LANGUAGE = {
    **dict.fromkeys(["c", "cpp", "csharp", "objective-c", "objective-cpp", "cuda-cpp"], _C),
    **dict.fromkeys(["java", "kotlin", "swift", "scala", "groovy", "dart"], _JAVA),
    **dict.fromkeys(
        ["javascript", "javascriptreact", "typescript", "typescriptreact"], _JAVASCRIPT
    ),
    "go": _GO,
    "rust": Syntax(lifetimes=True),
    "python": _PYTHON,
    **dict.fromkeys(["ruby", "r", "julia", "elixir", "toml", "perl"], _HASH),
    "yaml": Syntax(remark=r"(?<!\S)#", block_comments=False),
    "shellscript": _SHELL,
    "lua": _DASH,
    "sql": _DASH,
    "json": Syntax(quotes='"'),
    "jsonc": Syntax(quotes='"'),
    "css": Syntax(remark=""),
    "scss": Syntax(),
    "less": Syntax(),
    "php": Syntax(remark="//|#(?!\\[)"),
    **dict.fromkeys(["html", "xml", "vue", "svelte"], _MARKUP),
    **dict.fromkeys(
        ["plaintext", "markdown", "latex", "tex", "restructuredtext", "git-commit", ""], _PROSE
    ),
}


def syntax_of(language: str) -> Syntax:
    """The syntax of an LSP language id; one that assumes little for an unknown id."""
    return _BY_LANGUAGE.get(language, _UNKNOWN)
