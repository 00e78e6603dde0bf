"""The few facts per language that the rules need: comments, quotes, what is prose.

Reading code with them is left to `scan`; no fact here decides by itself.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

REMARK: Final = "\n"
"""The end of a comment that ends with its line."""

COMMENTS: Final = frozenset({REMARK, "*/", "-->", "]]", "=#", "#>"})
"""The ends of comments; anything else that text can be inside of is a string."""

_PATTERN = r"(?<=[\s=(,:;!&|?{}\[])/(?![/*\s])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/"
_HEREDOC = (
    r"<<[-~]?[ \t]?(?P<heredoc_quote>[\"']?)(?P<tag>[A-Za-z_]\w*)\b(?P=heredoc_quote)(?![ \t]*\))"
)
_TEMPLATE = r"`(?:\\.|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}|[^`\\])*`"
_APOSTROPHE = r"(?<!\w)'(?:\\.|[^\\\n']|'(?=\w))*'(?!\w)"


@dataclass(frozen=True)
class Syntax:
    """The signs that tell code from comments and strings."""

    remark: str = "//"  # regular expression of what starts a comment up to the line's end
    blocks: tuple[tuple[str, str], ...] = (("/*", "*/"),)
    """The start and the end of a comment or a raw string that may hold line ends."""
    quotes: str = "\"'"
    long_quotes: tuple[str, ...] = ()  # may hold line ends
    lifetimes: bool = False  # a lone ' is no quote unless it holds one character
    apostrophes: bool = False  # a ' within a word or at its end is no quote
    patterns: bool = False  # regular expressions stand between slashes
    templates: bool = False  # a string between backticks may hold code with such strings
    heredocs: bool = False
    prose: bool = False  # no indented blocks, brackets need not match
    known: bool = True  # a bracket that nobody opened is a mistake
    directives: bool = False  # lines that start with # stand outside of the indentation

    @cached_property
    def closers(self) -> dict[str, str]:
        """The end of each block, by its start."""
        return dict(self.blocks)

    @cached_property
    def tokens(self) -> re.Pattern[str]:
        """Matches what is not plain code, by group name.

        `skip`, `pattern`, `string`: a whole comment or string.
        `remark`: a comment up to its line's end.
        `open_block`, `open_long`, `open_quote`: the start of one that does not end.
        `heredoc`: the start of one, whose `tag` ends it.
        `bracket`: a bracket that is code.
        """
        escape = re.escape
        blocks = [f"{escape(start)}.*?{escape(end)}" for start, end in self.blocks]
        long = [rf"{q}(?:\\.|(?!{q})[^\\])*{q}" for q in self.long_quotes]
        template = [_TEMPLATE] if self.templates else []
        character = [r"'(?:\\.[^\n']*|[^\\\n'])'|'(?=\w)"] if self.lifetimes else []
        special = "'" if self.lifetimes or self.apostrophes else ""
        short = [quote for quote in self.quotes if quote != special]
        strings = [rf"{q}(?:\\.|[^\\\n{q}])*{q}" for q in short]
        apostrophe = self.apostrophes and "'" in self.quotes
        groups = {
            "skip": [*blocks, *template, *long, *character],
            "pattern": [_PATTERN] if self.patterns else [],
            "heredoc": [_HEREDOC] if self.heredocs else [],
            "remark": [rf"(?:{self.remark})[^\n]*"] if self.remark else [],
            "open_block": [escape(start) for start, _ in self.blocks],
            "open_long": list(self.long_quotes),
            "string": [*strings, *([_APOSTROPHE] if apostrophe else [])],
            "open_quote": [*short, *([r"(?<!\w)'"] if apostrophe else [])],
            "bracket": [r"[()\[\]{}]"],
        }
        named = (f"(?P<{name}>{'|'.join(found)})" for name, found in groups.items() if found)
        return re.compile("|".join(named), re.DOTALL)


_ANY = "\"'`"
_C = Syntax(directives=True)
_CPP = Syntax(directives=True, blocks=(("/*", "*/"), ('R"(', ')"')))
_JAVA = Syntax(long_quotes=('"""',))
_SCALA = Syntax(long_quotes=('"""',), quotes=_ANY)
_JAVASCRIPT = Syntax(long_quotes=("`",), patterns=True, templates=True)
_GO = Syntax(long_quotes=("`",))
_RUST = Syntax(
    quotes="'",
    long_quotes=('"',),
    lifetimes=True,
    blocks=(("/*", "*/"), ('r##"', '"##'), ('r#"', '"#'), ('r"', '"')),
)
_PYTHON = Syntax(remark="#", blocks=(), long_quotes=('"""', "'''"))
_HASH = Syntax(remark="#", blocks=(), quotes=_ANY)
_RUBY = Syntax(remark="#", blocks=(), quotes=_ANY, heredocs=True)
_TRIPLE = Syntax(remark="#", blocks=(), quotes=_ANY, long_quotes=('"""',))
_TOML = Syntax(remark="#", blocks=(), long_quotes=('"""', "'''"))
_LUA = Syntax(remark="--", blocks=(("--[[", "]]"), ("[[", "]]")), long_quotes=())
_SQL = Syntax(remark="--", quotes=_ANY)
_MARKUP = Syntax(remark="", blocks=(("<!--", "-->"),), quotes=_ANY, apostrophes=True, known=False)
_PROSE = Syntax(remark="", blocks=(), quotes=_ANY, apostrophes=True, prose=True, known=False)
_UNKNOWN = Syntax(quotes=_ANY, apostrophes=True, known=False)
_SHELL = Syntax(
    remark=r"(?<!\S)#",
    blocks=(),
    quotes="`",
    long_quotes=('"', "'"),
    heredocs=True,
    known=False,
)

INSIDE = _PROSE
"""Of what a string or a comment says: code or prose, it may hold pairs of its own."""

_BY_LANGUAGE = {
    **dict.fromkeys(["c", "csharp", "objective-c"], _C),
    **dict.fromkeys(["cpp", "objective-cpp", "cuda-cpp"], _CPP),
    **dict.fromkeys(["java", "groovy", "dart"], _JAVA),
    **dict.fromkeys(["kotlin", "swift", "scala"], _SCALA),
    **dict.fromkeys(
        ["javascript", "javascriptreact", "typescript", "typescriptreact"], _JAVASCRIPT
    ),
    "go": _GO,
    "rust": _RUST,
    "python": _PYTHON,
    **dict.fromkeys(["ruby", "perl"], _RUBY),
    "r": _HASH,
    **dict.fromkeys(["julia", "elixir"], _TRIPLE),
    "toml": _TOML,
    "yaml": Syntax(remark=r"(?<!\S)#", blocks=(), apostrophes=True),
    "shellscript": _SHELL,
    "lua": _LUA,
    "sql": _SQL,
    "json": Syntax(quotes='"'),
    "jsonc": Syntax(quotes='"'),
    "css": Syntax(remark=""),
    "scss": Syntax(),
    "less": Syntax(),
    "php": Syntax(remark="//|#(?!\\[)", quotes=_ANY, heredocs=False),
    **dict.fromkeys(["html", "xml", "vue", "svelte"], _MARKUP),
    **dict.fromkeys(
        ["plaintext", "markdown", "latex", "tex", "restructuredtext", "git-commit", ""], _PROSE
    ),
}


def syntax_of(language: str) -> Syntax:
    """The syntax of an LSP language id; one that assumes little for an unknown id."""
    return _BY_LANGUAGE.get(language, _UNKNOWN)
