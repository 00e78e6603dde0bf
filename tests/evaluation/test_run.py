"""Evaluating in memory with an engine that says what it is told."""

from sidelong.engine.gate import Decision
from sidelong.engine.request import Answer, Request, Tokens
from sidelong.engine.retrieval import retrieve
from sidelong.evaluation.blanks import Blank
from sidelong.evaluation.cases import Case, File, sample_cases
from sidelong.evaluation.run import MODES, Completion, evaluate, in_mode
from sidelong.settings import Settings
from sidelong_index import Exclusion, Snapshot, build

SHOP = File(
    "shop.py",
    "python",
    "def total(prices):\n    result = sum(prices)\n    return result\n\n\nprint(total([1, 2]))\n",
    "store",
)
USER = File("user.py", "python", "class User:\n    def name(self):\n        return self.first\n")
FILES = [SHOP, USER]
SNAPSHOT = build((file.path, file.text) for file in FILES)


class Engine:
    """Answers `text` where it retrieves and nothing where it does not; keeps what it was asked."""

    def __init__(self, text: str, replace_after: int = 0) -> None:
        self.text, self.replace_after = text, replace_after
        self.requests: list[Request] = []

    def __call__(
        self, request: Request, *, snapshot: Snapshot | None, exclude: Exclusion
    ) -> Answer:
        self.requests.append(request)
        retrieved = request.settings.retrieval == "always"
        gate = Decision(0.3, 0.5, "always" if retrieved else "never", retrieved)
        text = self.text if retrieved else ""
        return Answer(text, gate, self.replace_after if text else 0, tokens=Tokens(9, 4, 2))


def case(file: File, target: str) -> Case:
    start = file.text.index(target)
    return Case(file, Blank(start, start + len(target), "line"))


def run(cases: list[Case], engine: Engine) -> list[Completion]:
    return list(evaluate(cases, snapshot=SNAPSHOT, complete=engine, modes=("never", "always")))


def test_each_case_is_completed_in_each_mode_and_scored() -> None:
    never, always = run([case(SHOP, "sum(prices)")], Engine("sum(prices)"))
    assert (never.mode, never.exact, never.edit_similarity) == ("never", False, 0.0)
    assert (always.mode, always.exact, always.edit_similarity) == ("always", True, 1.0)
    assert (always.path, always.target, always.tokens) == (
        "shop.py",
        "sum(prices)",
        Tokens(9, 4, 2),
    )


def test_the_engine_sees_the_document_without_the_target() -> None:
    engine = Engine("")
    run([case(SHOP, "sum(prices)")], engine)
    assert engine.requests[0].before == "def total(prices):\n    result = "
    assert engine.requests[0].project == "store"
    assert engine.requests[0].after.startswith("\n    return result\n")


def test_what_the_text_repeats_of_the_text_behind_is_not_scored() -> None:
    _, always = run([case(SHOP, "[1, 2]")], Engine("[1, 2]))", replace_after=2))
    assert (always.text, always.exact) == ("[1, 2]", True)


def test_of_a_block_the_head_alone_is_scored_without_what_it_repeats() -> None:
    file = File("loop.py", "python", "def f(xs):\n    for x in xs:\n        print(x)\n")
    _, always = run([case(file, "x in xs")], Engine("x in xs:\n        f(x)", replace_after=1))
    assert (always.text, always.exact) == ("x in xs:\n        f(x)", True)


def test_modes_differ_in_how_they_decide_only() -> None:
    settings = Settings(threshold=0.7, max_chunks=3)
    decided = [in_mode(settings, mode) for mode in MODES]
    assert [(s.retrieval, s.rule) for s in decided] == [
        ("never", "threshold"),
        ("always", "threshold"),
        ("auto", "greedy"),
        ("auto", "threshold"),
    ]
    assert {(s.threshold, s.max_chunks) for s in decided} == {(0.7, 3)}


def test_the_target_itself_is_never_retrieved() -> None:
    body = "".join(f"    line_{i} = compute(line_{i - 1})\n" for i in range(1, 60))
    file = File("long.py", "python", f"def long():\n{body}")
    blanked = case(file, body.strip())
    snapshot = build([(file.path, file.text), (USER.path, USER.text)])
    found = retrieve(
        snapshot,
        path=file.path,
        text=blanked.text,
        offset=blanked.blank.start,
        k=9,
        exclude=blanked.exclusion,
    )
    assert [hit for hit in found if hit.path == "long.py"] == []


def test_cases_are_spread_over_the_files_and_the_same_for_a_seed() -> None:
    cases = sample_cases(FILES, n=4, seed=3)
    assert sorted(case.file.path for case in cases) == ["shop.py", "shop.py", "user.py", "user.py"]
    assert cases == sample_cases(list(reversed(FILES)), n=4, seed=3)
    assert cases != sample_cases(FILES, n=4, seed=4)


def test_where_most_files_hold_none_of_a_kind_the_others_give_more() -> None:
    functions = "".join(f"def f{i}(x):\n    return x + {i}\n\n\n" for i in range(12))
    files = [File("all.py", "python", functions)]
    files += [File(f"{i}.py", "python", f"x = {i}\n") for i in range(20)]
    cases = sample_cases(files, n=6, seed=0, kinds=["body"])
    assert [case.file.path for case in cases] == ["all.py"] * 6
    assert len(set(cases)) == 6


def test_no_files_have_no_cases() -> None:
    assert sample_cases([], n=4, seed=0) == []
