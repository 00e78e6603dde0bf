"""One request through the completer, with a model that is told what to say and the real one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelong.engine.completer import Completer
from sidelong.engine.gate import Decision, Formula
from sidelong.engine.healing import Pieces
from sidelong.engine.mixture import Mixture
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Evaluation, Stopped
from sidelong.engine.prompt import Budget, Special
from sidelong.engine.request import Answer, Request
from sidelong.engine.view import seen, view
from sidelong.settings import Settings
from sidelong_index import Exclusion, Snapshot, build

SPECIAL = Special(eos=256, fim_prefix=257, fim_middle=258, fim_suffix=259, file_sep=260, eof=261,
                  cc=262)  # fmt: skip
VOCABULARY = 263
BUDGET = Budget(prefix=400, suffix=200, context=600, generated=64)


@dataclass
class Told:
    """A model of bytes: it wants the repository as much as told and writes what it is told."""

    says: str
    wants: float = 0.0
    name: str = "told"
    fingerprint: str = "told"
    special: Special = SPECIAL
    budget: Budget = BUDGET
    threshold: float = 0.5
    formula: Formula | None = None
    mixture: Mixture | None = None
    n_ctx: int = 4096
    pieces: Pieces = field(
        default_factory=lambda: Pieces([*(bytes([i]) for i in range(256)), *[b""] * 7])
    )
    prompts: list[list[int]] = field(default_factory=list)

    def tokenize(self, text: str) -> list[int]:
        return list(text.encode())

    def evaluate(
        self, tokens: Sequence[int], *, rows: int, cancel: Cancel, hidden: bool = False
    ) -> Evaluation:
        cancel.check()
        self.prompts.append(list(tokens))
        logits = np.full((rows, VOCABULARY), -30.0, dtype=np.float32)
        if SPECIAL.eof in tokens and (rows > 1 or SPECIAL.fim_middle not in tokens):
            logits[0, SPECIAL.cc] = np.log(max(self.wants, 1e-9))
            logits[0, SPECIAL.fim_middle] = np.log(max(1 - self.wants, 1e-9))
        if SPECIAL.fim_middle not in tokens:
            return Evaluation(logits, evaluated=len(tokens))
        written = len(tokens) - tokens.index(SPECIAL.fim_middle) - 1
        said = self.says.encode()
        logits[-1, said[written] if written < len(said) else SPECIAL.eos] = 0.0
        return Evaluation(logits, evaluated=len(tokens))

    def forget(self) -> None:
        """It remembers nothing."""

    def close(self) -> None:
        """It holds nothing."""


OTHER = "def area(width, height):\n    return width * height\n"


def request(code: str, **settings: Any) -> Request:
    """A request in Python code whose cursor is `$0`."""
    before, after = code.split("$0")
    return Request("main.py", "python", before + after, len(before), Settings(**settings), "1")


def complete(
    model: Any,
    code: str,
    *,
    policy: Any = None,
    files: dict[str, str] | None = None,
    **settings: Any,
) -> Answer:
    completer = Completer(model, policy)
    snapshot = build((files or {"shapes.py": OTHER}).items())
    answer = completer.complete(request(code, **settings), snapshot=snapshot, cancel=Cancel())
    completer._searcher.close()
    return answer


def shown(prompt: Sequence[int]) -> str:
    """A prompt for people, special tokens by name."""
    names = {256: "<eos>", 257: "<prefix>", 258: "<middle>", 259: "<suffix>", 260: "<file>",
             261: "<eof>", 262: "<cc>"}  # fmt: skip
    return "".join(names[t] if t in names else chr(t) for t in prompt)


CODE = "def area(width, height):\n    return $0\n"


def test_abstaining_goes_on_from_what_was_read() -> None:
    model = Told("width")
    answer = complete(model, CODE)
    assert answer.text == "width"
    assert not answer.gate.retrieved
    assert answer.chunks == ()
    assert shown(model.prompts[0]) == (
        "<suffix>\n<prefix>def area(width, height):\n    return <eof><middle>"
    )


def test_retrieving_puts_the_chunks_behind_what_was_read() -> None:
    model = Told("width", wants=0.9)
    answer = complete(model, CODE)
    assert answer.gate.retrieved
    assert answer.gate.probability == pytest.approx(0.9)
    assert [hit.path for hit in answer.chunks] == ["shapes.py"]
    read, retrieved = model.prompts[:2]
    assert retrieved[: len(read) - 1] == read[:-1]
    assert shown(retrieved[len(read) - 1 :]) == f"<cc><file>shapes.py\n{OTHER}<middle>"


def test_a_models_formula_joins_its_signal_with_what_the_search_found() -> None:
    def asked(formula: Formula, **settings: Any) -> Decision:
        return complete(Told("width", wants=0.5, formula=formula), CODE, **settings).gate

    held = Formula(bias=0.0, slope=1.0, score=0.0, match=9.0)
    assert asked(held, threshold=0.9).retrieved
    assert not asked(replace(held, match=-9.0), threshold=0.1).retrieved
    similar = Formula(bias=0.0, slope=1.0, score=50.0)
    assert asked(similar, threshold=0.9).retrieved
    assert not asked(replace(similar, score=-50.0), threshold=0.1).retrieved
    decision = asked(Formula(bias=1.0, slope=0.0, score=0.0), threshold=0.8)
    assert not decision.retrieved
    assert decision.probability == pytest.approx(0.5)
    assert decision.corrected == pytest.approx(0.731, abs=0.001)


def test_a_formula_overrules_neither_the_mode_nor_the_greedy_rule() -> None:
    model = Told("width", wants=0.9, formula=Formula(-99.0, 0.0, 0.0))
    assert complete(model, CODE, retrieval="always").gate.retrieved
    assert complete(model, CODE, rule="greedy").gate.retrieved
    assert not complete(model, CODE).gate.retrieved


def test_never_asks_neither_the_index_nor_for_context() -> None:
    class Forbidden:
        def search(self, *_args: Any, **_kwargs: Any) -> None:
            raise AssertionError("the index was asked")

    completer = Completer(Told("width", wants=0.9))
    snapshot: Any = Forbidden()
    asked = request(CODE, retrieval="never")
    answer = completer.complete(asked, snapshot=snapshot, cancel=Cancel())
    assert (answer.gate.rule, answer.gate.retrieved) == ("never", False)
    completer._searcher.close()


def test_where_nothing_is_found_nothing_was_retrieved() -> None:
    model = Told("width", wants=0.9)
    answer = complete(model, CODE, files={"other.py": "zzz = 1\n"})
    assert not answer.gate.retrieved
    assert answer.gate.probability == pytest.approx(0.9)
    assert answer.text == "width"


def test_a_failure_in_retrieval_costs_retrieval_only(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def search(self, *_args: Any, **_kwargs: Any) -> None:
            raise OSError("the index is on fire")

    completer = Completer(Told("width", wants=0.9))
    snapshot: Any = Broken()
    answer = completer.complete(request(CODE), snapshot=snapshot, cancel=Cancel())
    assert answer.text == "width"
    assert "request 1: retrieval failed" in caplog.text
    completer._searcher.close()


def test_the_text_around_the_cursor_is_not_retrieved() -> None:
    model = Told("width", wants=0.9)
    own = {"main.py": CODE.replace("$0", "")}
    assert complete(model, CODE, files=own).chunks == ()


def test_the_users_threshold_beats_the_models() -> None:
    assert complete(Told("x", wants=0.4), CODE, threshold=0.3).gate.retrieved
    assert not complete(Told("x", wants=0.4), CODE).gate.retrieved


def test_a_prompt_never_exceeds_its_budget_and_keeps_what_is_nearest() -> None:
    model = Told("x", wants=0.9, n_ctx=300)
    model.budget = Budget(prefix=100, suffix=50, context=100, generated=20)
    above = "".join(f"a{i} = {i}\n" for i in range(500))
    below = "".join(f"b{i} = {i}\n" for i in range(500))
    files = {f"f{i}.py": above[: 40 * i] for i in range(1, 9)}
    complete(model, f"{above}last = $0\nnext = 1\n{below}", files=files)
    read, retrieved = model.prompts[:2]
    assert len(read) <= 100 + 50 + 4
    assert len(retrieved) <= model.budget.total - model.budget.generated
    assert "last = <eof>" in shown(read)
    assert "<suffix>\nnext = 1\n" in shown(read)


@pytest.mark.parametrize("n_ctx", [64, 128, 300])
def test_budgets_larger_than_the_context_shrink_to_fit(n_ctx: int) -> None:
    model = Told("x", wants=0.9, n_ctx=n_ctx)
    text = "value = 1\n" * 300
    complete(model, f"{text}last = $0\n{text}", max_tokens=16)
    assert max(len(prompt) for prompt in model.prompts) <= n_ctx


def test_cancelling_stops_between_tokens() -> None:
    cancel = Cancel()

    class Tired(Told):
        def evaluate(
            self, tokens: Sequence[int], *, rows: int, cancel: Cancel, hidden: bool = False
        ) -> Evaluation:
            if len(self.prompts) == 3:
                cancel.set()
            return super().evaluate(tokens, rows=rows, cancel=cancel)

    model = Tired("a long answer that nobody waits for")
    completer = Completer(model)
    with pytest.raises(Stopped):
        completer.complete(request(CODE), snapshot=None, cancel=cancel)
    assert len(model.prompts) == 3
    completer._searcher.close()


def test_a_model_without_decision_tokens_abstains_unless_told() -> None:
    plain = replace(SPECIAL, eof=None, cc=None)
    assert complete(Told("x", special=plain), CODE).gate.probability is None
    assert not complete(Told("x", special=plain), CODE).gate.retrieved
    assert complete(Told("x", special=plain), CODE, retrieval="always").gate.retrieved


def test_the_workspace_cache_brings_the_words_of_the_file() -> None:
    code = "first = compute_total(rows)\nsecond = compute_t$0\n"
    model = Told("z" * 30, mixture=Mixture(0, 0, 0, (-99, *[3] * 6)))
    assert complete(model, code, max_lines=1).text == "otal(rows)"
    assert complete(model, code, workspace_cache=False).text == "z" * 30


def test_the_workspace_cache_reads_chunks_only_if_the_gate_asked() -> None:
    code = "second = compute_t$0\n"
    files = {"other.py": "first = compute_total(rows)\nsecond = 1\n"}
    model = Told("z" * 30, mixture=Mixture(0, 0, 0, (-99, *[3] * 6)))
    always = complete(model, code, files=files, retrieval="always", max_lines=1)
    assert always.text == "otal(rows)"
    never = complete(model, code, files=files, retrieval="never", max_lines=1)
    assert "rows" not in never.text


# With the real model.


@pytest.fixture
def real(llama: LlamaModel) -> Callable[[str, Snapshot | None], Answer]:
    completer = Completer(llama)

    def ask(code: str, snapshot: Snapshot | None = None) -> Answer:
        return completer.complete(request(code), snapshot=snapshot, cancel=Cancel())

    return ask


def test_healing_lets_a_word_be_finished(llama: LlamaModel) -> None:
    code = (
        "def measure_everything(rows):\n    return rows\n\n"
        "first = measure_everything(rows)\nsecond = measure_every$0"
    )
    assert complete(llama, code, retrieval="never").text.startswith("thing(rows)")


def test_typing_evaluates_only_what_was_typed(
    real: Callable[[str, Snapshot | None], Answer],
) -> None:
    typed = "    return self.width * self.height"
    above = "class Box:\n" + "    size = 1\n" * 200 + "    def area(self):\n"
    below = "\n\n" + "box = Box()\n" * 200
    costs = []
    for n in range(1, len(typed)):
        answer = real(f"{above}{typed[:n]}$0{below}", None)
        costs.append(answer.tokens.evaluated)
    assert sorted(costs[1:])[len(costs) // 2] <= 1 + 3


SHAPES = "class Shapes:\n" + "".join(
    f"    def area_{i}(self, width, height):\n"
    "        area = width * height\n"
    "        return area\n\n"
    for i in range(4)
)


def test_a_document_is_read_and_completed_alike_whatever_ends_its_lines(llama: LlamaModel) -> None:
    code = SHAPES + "    def area_4(self, width, height):\n        are$0\n\nprint(Shapes())\n"
    asked = [request(text, min_probability=0.0) for text in (code, code.replace("\n", "\r\n"))]
    lf, crlf = (view(llama, each, llama.budget) for each in asked)
    assert (lf.prompt, lf.before, lf.owed) == (crlf.prompt, crlf.before, crlf.owed)
    completer = Completer(llama)
    unix, dos = (
        completer.complete(each, snapshot=build([("shapes.py", OTHER)]), cancel=Cancel())
        for each in asked
    )
    completer._searcher.close()
    assert "\n" in unix.text
    assert dos.text == unix.text.replace("\n", "\r\n")
    assert dos.probability == pytest.approx(unix.probability)
    assert dos.tokens.prompt == unix.tokens.prompt


@given(st.text(alphabet="a\r\n", max_size=8), st.integers(0, 8))
def test_no_line_end_is_seen_twice_or_otherwise_than_as_a_newline(text: str, offset: int) -> None:
    before, after = seen(Request("a.py", "python", text, min(offset, len(text))))
    assert before + after == re.sub("\r\n|\r", "\n", text)


def test_other_lines_can_be_excluded(llama: LlamaModel) -> None:
    completer = Completer(llama)
    snapshot = build([("main.py", OTHER * 20)])
    asked = request(CODE, retrieval="always")
    everything = Exclusion("main.py", 1, 10_000)
    answer = completer.complete(asked, snapshot=snapshot, cancel=Cancel(), exclude=everything)
    assert answer.chunks == ()


def test_an_improbable_suggestion_is_withheld_and_not_even_written(llama: LlamaModel) -> None:
    code = "x = $0\n"
    shown = complete(llama, code, retrieval="never", min_probability=0.0)
    withheld = complete(llama, code, retrieval="never", min_probability=1.0)
    assert shown.text
    assert (withheld.text, withheld.reason[:6]) == ("", "unsure")
    assert withheld.tokens.generated <= shown.tokens.generated


STOCK = replace(SPECIAL, eof=None, cc=None, suffix_first=False)


def test_a_stock_model_reads_whole_lines_first_and_the_typed_part_last() -> None:
    model = Told("eight", special=replace(STOCK, bos=256))
    complete(model, CODE.replace("$0", "width * h$0"))
    assert shown(model.prompts[0]) == (
        "<eos><prefix>def area(width, height):\n<suffix>\n<middle>    return width * h"
    )


def test_a_stock_model_reads_chunks_before_everything() -> None:
    model = Told("width", special=STOCK)
    answer = complete(model, CODE, retrieval="always")
    assert answer.gate.retrieved
    assert shown(model.prompts[0]).startswith(f"<file>shapes.py\n{OTHER}<prefix>def area")


def test_repoformers_own_weights_read_the_prefix_first_and_decide() -> None:
    model = Told("width", wants=0.9, special=replace(SPECIAL, suffix_first=False))
    assert complete(model, CODE).gate.retrieved
    read, retrieved = model.prompts[:2]
    assert shown(read).endswith("    return <suffix>\n<eof><middle>")
    assert shown(retrieved).endswith(f"<eof><cc><file>shapes.py\n{OTHER}<middle>")


def test_a_policy_decides_for_a_model_that_cannot() -> None:
    model, policy = Told("width", special=STOCK), Told("", wants=0.9, name="policy")
    answer = complete(model, CODE, policy=policy)
    assert answer.gate.retrieved
    assert answer.gate.probability == pytest.approx(0.9)
    assert (answer.model, answer.policy) == ("told", "policy")
    assert shown(model.prompts[0]).startswith(f"<file>shapes.py\n{OTHER}<prefix>def area")
    assert not complete(model, CODE, policy=Told("", wants=0.1)).gate.retrieved


def test_a_policy_reads_only_what_it_needs_to_decide_and_writes_nothing() -> None:
    model, policy = Told("    return width", special=STOCK), Told("height")
    answer = complete(model, CODE, policy=policy)
    assert answer.text == "width"
    (read,) = policy.prompts
    assert shown(read) == "<suffix>\n<prefix>def area(width, height):\n    return <eof>"
    assert answer.tokens.policy == len(read)
    assert answer.tokens.evaluated == len(model.prompts[0])


def test_a_policy_keeps_its_own_budget_whatever_the_models_is() -> None:
    model, policy = Told("x", special=STOCK), Told("", n_ctx=128)
    policy.budget = Budget(prefix=50, suffix=20, context=0, generated=0)
    above = "value = 1\n" * 300
    complete(model, f"{above}last = $0\n{above}", policy=policy, prefix_tokens=400)
    assert len(policy.prompts[0]) <= 50 + 20 + 3
    assert len(model.prompts[0]) > 300


def test_a_policy_decides_in_place_of_a_model_that_could() -> None:
    model = Told("width", wants=0.9)
    answer = complete(model, CODE, policy=Told("", wants=0.1, threshold=0.2))
    assert not answer.gate.retrieved
    assert answer.gate.probability == pytest.approx(0.1)
    assert answer.gate.threshold == 0.2


@pytest.mark.parametrize("mode", ["always", "never"])
def test_a_policy_is_not_asked_where_nothing_is_to_be_decided(mode: str) -> None:
    policy = Told("")
    answer = complete(Told("x", special=STOCK), CODE, policy=policy, retrieval=mode)
    assert answer.gate.retrieved is (mode == "always")
    assert policy.prompts == []


def test_a_failure_in_the_policy_costs_the_decision_only(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Told):
        def evaluate(self, *_args: Any, **_kwargs: Any) -> Evaluation:
            raise RuntimeError("the policy is on fire")

    answer = complete(Told("    return width", special=STOCK), CODE, policy=Broken(""))
    assert (answer.text, answer.gate.retrieved, answer.gate.probability) == ("width", False, None)
    assert "request 1: the policy failed" in caplog.text


def test_cancelling_while_the_policy_decides_ends_the_request() -> None:
    cancel = Cancel()
    cancel.set()
    model = Told("x", special=STOCK)
    completer = Completer(model, Told(""))
    with pytest.raises(Stopped):
        completer.complete(request(CODE), snapshot=None, cancel=cancel)
    assert model.prompts == []
    completer.close()


def test_typing_costs_the_policy_only_what_was_typed(llama: LlamaModel) -> None:
    typed = "    return self.width * self.height"
    above = "class Box:\n" + "    size = 1\n" * 200 + "    def area(self):\n"
    completer = Completer(Told("", special=STOCK, n_ctx=10_000), llama)
    costs = []
    for n in range(1, len(typed)):
        asked = request(f"{above}{typed[:n]}$0\n\nbox = Box()\n")
        answer = completer.complete(asked, snapshot=None, cancel=Cancel())
        costs.append(answer.tokens.policy)
    completer._searcher.close()
    assert costs[0] > 200
    assert sorted(costs[1:])[len(costs) // 2] <= 1 + 2
