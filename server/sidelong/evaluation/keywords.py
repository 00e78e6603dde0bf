"""Reserved words per language, which `metrics.identifier_match` does not count as identifiers."""

import keyword

_C = """auto break case char const continue default do double else enum extern float for goto if
inline int long register restrict return short signed sizeof static struct switch typedef union
unsigned void volatile while"""

_CPP = """alignas alignof and bool catch class concept consteval constexpr constinit co_await
co_return co_yield decltype delete dynamic_cast explicit export false friend mutable namespace new
noexcept not nullptr operator or override private protected public reinterpret_cast requires
static_assert static_cast template this thread_local throw true try typeid typename using virtual
wchar_t xor"""

_JAVASCRIPT = """async await break case catch class const continue debugger default delete do else
export extends false finally for function if import in instanceof let new null of return static
super switch this throw true try typeof undefined var void while with yield"""

_TYPESCRIPT = """abstract any as asserts boolean declare enum implements infer interface is keyof
module namespace never number object private protected public readonly satisfies string symbol type
unknown"""

_GO = """break case chan const continue default defer else fallthrough false for func go goto if
import interface map nil package range return select struct switch true type var"""

_JAVA = """abstract assert boolean break byte case catch char class const continue default do double
else enum extends false final finally float for goto if implements import instanceof int interface
long native new null package permits private protected public record return sealed short static
strictfp super switch synchronized this throw throws transient true try var void volatile while
yield"""

_RUST = """as async await break const continue crate dyn else enum extern false fn for if impl in
let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use
where while"""


def _words(*texts: str) -> frozenset[str]:
    return frozenset(" ".join(texts).split())


KEYWORDS = {
    "python": frozenset(keyword.kwlist),
    "c": _words(_C),
    "cpp": _words(_C, _CPP),
    "javascript": _words(_JAVASCRIPT),
    "javascriptreact": _words(_JAVASCRIPT),
    "typescript": _words(_JAVASCRIPT, _TYPESCRIPT),
    "typescriptreact": _words(_JAVASCRIPT, _TYPESCRIPT),
    "go": _words(_GO),
    "java": _words(_JAVA),
    "rust": _words(_RUST),
}
