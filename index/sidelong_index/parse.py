"""Starts of statements and enclosing definitions of lines, read off a tree-sitter tree.

How chunks are cut from this is decided in `chunk`; this is the only module that knows tree_sitter.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TypeAlias

from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

MAX_BYTES = 512 * 1024
"""Larger files are generated more often than written, and parsing them blocks other threads."""

MAX_ERROR_CHILDREN = 10_000
"""A query over an error node takes quadratic time: 0.04 s for 10,000 children, 4 s for 100,000."""

_READ_BYTES = 16 * 1024

SyntaxTree: TypeAlias = Tree


@dataclass(frozen=True)
class Definition:
    """A class, function or similar: its signature is `first..body-1`, all of it `first..last`.

    Lines count from 0 and `body` is exclusive: the first line that does not belong to the
    signature.
    """

    first: int
    body: int
    last: int


@dataclass(frozen=True)
class Syntax:
    """The facts about a file that decide its chunks' edges and context; lines count from 0."""

    statements: Mapping[int, int]
    """Line on which a statement starts -> the column it starts in (shallow is better)."""
    definitions: tuple[Definition, ...]
    """Definitions of more than one line, by first line, outermost first."""


@dataclass(frozen=True)
class _Grammar:
    module: str
    blocks: str
    """Node types whose named children are statements (or members, cases, fields)."""
    definitions: str
    factory: str = "language"


_JS_BLOCKS = "program statement_block class_body switch_body"
_JS_DEFINITIONS = (
    "function_declaration generator_function_declaration function_expression arrow_function"
    " method_definition class_declaration class"
)
_TS_BLOCKS = _JS_BLOCKS + " interface_body enum_body object_type"
_TS_DEFINITIONS = (
    _JS_DEFINITIONS
    + " abstract_class_declaration interface_declaration enum_declaration internal_module module"
)
_C_BLOCKS = (
    "translation_unit compound_statement field_declaration_list enumerator_list"
    " preproc_if preproc_ifdef preproc_else preproc_elif declaration_list case_statement"
)
_C_DEFINITIONS = "function_definition struct_specifier union_specifier enum_specifier"

_GRAMMARS: Mapping[str, _Grammar] = MappingProxyType(
    {
        "python": _Grammar(
            "tree_sitter_python", "module block", "function_definition class_definition"
        ),
        "javascript": _Grammar("tree_sitter_javascript", _JS_BLOCKS, _JS_DEFINITIONS),
        "typescript": _Grammar(
            "tree_sitter_typescript", _TS_BLOCKS, _TS_DEFINITIONS, "language_typescript"
        ),
        "tsx": _Grammar("tree_sitter_typescript", _TS_BLOCKS, _TS_DEFINITIONS, "language_tsx"),
        "go": _Grammar(
            "tree_sitter_go",
            "source_file block statement_list field_declaration_list interface_type"
            " expression_switch_statement type_switch_statement select_statement",
            "function_declaration method_declaration func_literal struct_type interface_type",
        ),
        "rust": _Grammar(
            "tree_sitter_rust",
            "source_file block declaration_list match_block field_declaration_list"
            " enum_variant_list",
            "function_item impl_item trait_item mod_item struct_item enum_item union_item"
            " closure_expression",
        ),
        "java": _Grammar(
            "tree_sitter_java",
            "program block class_body interface_body enum_body enum_body_declarations"
            " annotation_type_body constructor_body switch_block",
            "class_declaration interface_declaration enum_declaration record_declaration"
            " annotation_type_declaration method_declaration constructor_declaration"
            " lambda_expression",
        ),
        "c": _Grammar("tree_sitter_c", _C_BLOCKS, _C_DEFINITIONS),
        "cpp": _Grammar(
            "tree_sitter_cpp",
            _C_BLOCKS,
            _C_DEFINITIONS + " class_specifier namespace_definition lambda_expression",
        ),
    }
)

_SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        suffix: language
        for language, suffixes in {
            "python": ".py .pyi .pyw",
            "javascript": ".js .mjs .cjs .jsx",
            "typescript": ".ts .mts .cts",
            "tsx": ".tsx",
            "go": ".go",
            "rust": ".rs",
            "java": ".java",
            "c": ".c",
            # C headers parse nearly as well as C++; C++ headers do not parse as C.
            "cpp": ".h .cc .cpp .cxx .c++ .hh .hpp .hxx .h++ .ipp .inl .tpp",
        }.items()
        for suffix in suffixes.split()
    }
)

LANGUAGES = tuple(_GRAMMARS)


def language_of(path: str) -> str | None:
    """The language by the file's name, or None: there is no grammar for it."""
    return _SUFFIXES.get(PurePosixPath(path).suffix.lower())


@cache
def grammar_versions() -> dict[str, str]:
    """The installed versions of everything that the result of `parse` depends on."""
    packages = {grammar.module for grammar in _GRAMMARS.values()} | {"tree_sitter"}
    return {package: _version(package) for package in sorted(packages)}


def parse(text: str, language: str) -> Syntax | None:
    """The syntax of `text` ('\\n' line ends), or None: too large, too broken, or no grammar.

    A broken file still has a syntax where tree-sitter can make sense of it.
    """
    loaded = _load(language)
    source = text.encode("utf-8", "replace")
    if loaded is None or len(source) > MAX_BYTES:
        return None
    grammar, query = loaded
    root = Parser(grammar).parse(_pieces(source)).root_node
    if _is_hopeless(root):
        return None
    captures = QueryCursor(query).captures(root)
    lines = text.split("\n")
    statements = _starts(captures.get("statement", []), captures.get("comment", []), lines)
    definitions = (_definition(node, lines) for node in captures.get("definition", []))
    found = [d for d in definitions if d.last > d.first]
    return Syntax(
        statements=MappingProxyType(statements),
        definitions=tuple(sorted(found, key=lambda d: (d.first, -d.last))),
    )


def tree_of(source: bytes, language: str, old: SyntaxTree | None = None) -> SyntaxTree | None:
    """The syntax tree of UTF-8 text, or None: too large, or no grammar.

    `old`, the tree of an earlier text, edited to fit this one, makes it cheap.
    """
    loaded = _load(language)
    if loaded is None or len(source) > MAX_BYTES:
        return None
    parser = Parser(loaded[0])
    return parser.parse(_pieces(source)) if old is None else parser.parse(_pieces(source), old)


def _version(package: str) -> str:
    try:
        return version(package.replace("_", "-"))
    except PackageNotFoundError:
        return ""


@cache
def _load(language: str) -> tuple[Language, Query] | None:
    grammar = _GRAMMARS.get(language)
    if grammar is None:
        return None
    try:
        module = importlib.import_module(grammar.module)
    except ImportError:
        return None
    loaded = Language(getattr(module, grammar.factory)())
    patterns = [f"({block} (_) @statement)" for block in grammar.blocks.split()]
    patterns += [f"({kind}) @definition" for kind in grammar.definitions.split()]
    patterns += ["(comment) @comment", "(line_comment) @comment", "(block_comment) @comment"]
    known = [pattern for pattern in patterns if _compiles(loaded, pattern)]
    return loaded, Query(loaded, "\n".join(known))


def _compiles(language: Language, pattern: str) -> bool:
    """A query for the nodes that this version of the grammar has; versions rename nodes."""
    try:
        Query(language, pattern)
    except ValueError:
        return False
    return True


def _pieces(source: bytes) -> Callable[[int, object], bytes]:
    """Feeds the parser piece by piece: between pieces other threads get the interpreter.

    Handing over the whole text holds the interpreter lock for 70 ms per megabyte.
    """
    return lambda offset, _point: source[offset : offset + _READ_BYTES]


def _is_hopeless(root: Node) -> bool:
    if not root.has_error:
        return False
    errors = [root] if root.is_error else [node for node in root.children if node.is_error]
    return any(node.child_count > MAX_ERROR_CHILDREN for node in errors)


def _starts(statements: list[Node], comments: list[Node], lines: list[str]) -> dict[int, int]:
    """Line -> column of statements that begin their line; comments above belong to them."""
    own_line_comments = {
        line
        for node in comments
        if _begins_line(lines, *node.start_point)
        for line in range(node.start_point[0], node.end_point[0] + 1)
    }
    starts: dict[int, int] = {}
    for node in statements:
        line, column = node.start_point
        if line - 1 in own_line_comments or not _begins_line(lines, line, column):
            continue
        starts[line] = min(column, starts.get(line, column))
    return starts


def _begins_line(lines: list[str], line: int, column: int) -> bool:
    # Columns are bytes, but only as far as there is white space do they have to agree.
    return line < len(lines) and not lines[line][:column].strip()


def _definition(node: Node, lines: list[str]) -> Definition:
    first, last = node.start_point[0], node.end_point[0]
    body = node.child_by_field_name("body")
    if body is None:
        return Definition(first, first + 1, last)
    line, column = body.start_point
    if line > first and _begins_line(lines, line, column):
        return Definition(first, line, last)
    return Definition(first, line + 1, last)
