"""llama.cpp behind the protocol: the KV cache, its counts, aborting, files that are no model."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine import tiny

from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Stopped
from sidelong.engine.model.rows import Rows
from sidelong.engine.model.saved import SavedPrompts
from sidelong.errors import (
    ModelError,
    ModelMissing,
    ModelUnreadable,
    ModelUnsupported,
    ModelWithoutFim,
)
from sidelong.paths import nano_model

CODE = "def area(self):\n    return self.width * self.height\n"


def evaluated(model: LlamaModel, tokens: list[int], rows: int = 1) -> int:
    return model.evaluate(tokens, rows=rows, cancel=Cancel()).evaluated


def logits(
    model: LlamaModel, tokens: list[int], rows: int = 1
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return model.evaluate(tokens, rows=rows, cancel=Cancel()).logits


@pytest.fixture
def code(llama: LlamaModel) -> list[int]:
    """Tokens of real code, with an empty KV cache."""
    tokens = llama.tokenize(CODE)
    evaluated(llama, [llama.special.eos])
    return tokens


def test_only_what_is_new_is_evaluated(llama: LlamaModel, code: list[int]) -> None:
    assert evaluated(llama, code) == len(code)
    assert evaluated(llama, [*code, code[0], code[1]]) == 2
    assert evaluated(llama, code[:5] + code[6:]) == len(code) - 6
    assert evaluated(llama, code[:3]) == 1


def test_rows_asked_for_are_evaluated_even_if_cached(llama: LlamaModel, code: list[int]) -> None:
    evaluated(llama, code)
    assert evaluated(llama, code, rows=3) == 3


def test_going_the_same_way_again_evaluates_nothing(llama: LlamaModel, code: list[int]) -> None:
    llama.forget()
    way = [code[:n] for n in range(len(code) - 5, len(code) + 1)]
    first = [logits(llama, tokens) for tokens in way]
    for tokens, rows in zip(way, first, strict=True):
        again = llama.evaluate(tokens, rows=1, cancel=Cancel())
        assert again.evaluated == 0
        np.testing.assert_array_equal(again.logits, rows)
    again = llama.evaluate(code, rows=2, cancel=Cancel())
    assert again.evaluated == 0
    np.testing.assert_array_equal(again.logits, np.concatenate(first[-2:]))


def test_another_way_forgets_the_rows_of_the_one_before(llama: LlamaModel, code: list[int]) -> None:
    llama.forget()
    for n in range(4, 8):
        evaluated(llama, code[:n])
    other = [*code[:5], code[0]]
    fresh = [evaluated(llama, other), evaluated(llama, [*other, code[6]])]
    assert fresh == [1, 1]
    assert evaluated(llama, code[:5]) == 0
    assert [evaluated(llama, code[:n]) for n in (6, 7)] == [1, 1]


@given(moves=st.lists(st.tuples(st.integers(1, 30), st.integers(0, 3)), max_size=12))
@settings(deadline=None, derandomize=True, max_examples=25)
def test_whatever_was_asked_before_the_logits_are_those_of_an_empty_cache(
    llama: LlamaModel, moves: list[tuple[int, int]]
) -> None:
    code = llama.tokenize(CODE)
    llama.forget()
    asked = [[*code[:n], *reversed(code[:tail])] for n, tail in moves]
    found = [logits(llama, tokens) for tokens in asked]
    for tokens, rows in zip(asked, found, strict=True):
        llama.forget()
        np.testing.assert_allclose(rows, logits(llama, tokens), atol=0.05)


def test_known_rows_take_no_more_memory_than_they_may() -> None:
    rows = Rows(most_bytes=3 * 8)
    for place in range(6):
        rows.keep(place, np.full(2, place, dtype=np.float32))
        assert rows.take(0, 1) is not None  # It is used, so it stays.
    assert rows.take(1, 2) is None
    assert rows.take(4, 6) is not None
    rows.forget_from(5)
    assert rows.take(5, 6) is None


def test_the_cache_does_not_change_the_logits(llama: LlamaModel, code: list[int]) -> None:
    code = code * 8
    fresh = logits(llama, code, rows=2)
    logits(llama, [*code[:4], *reversed(code)])
    np.testing.assert_array_equal(logits(llama, code, rows=2), fresh)
    np.testing.assert_array_equal(logits(llama, code, rows=2), fresh)


def test_hidden_states_are_what_the_logits_are_made_of(
    llama: LlamaModel, default_model: Path, code: list[int]
) -> None:
    fields = gguf.GGUFReader(default_model).tensors
    (embedding,) = (tensor for tensor in fields if tensor.name == "token_embd.weight")
    output = gguf.quants.dequantize(embedding.data, embedding.tensor_type)
    found = llama.evaluate(code, rows=2, cancel=Cancel(), hidden=True)
    assert found.hidden is not None
    # llama.cpp rounds the states to eight bits before it multiplies.
    np.testing.assert_allclose(found.hidden @ output.T, found.logits, atol=0.5)


def test_asking_for_hidden_states_changes_neither_the_logits_nor_the_count(
    llama: LlamaModel, code: list[int]
) -> None:
    plain = llama.evaluate(code, rows=2, cancel=Cancel())
    evaluated(llama, [llama.special.eos])
    found = llama.evaluate(code, rows=2, cancel=Cancel(), hidden=True)
    assert found.evaluated == len(code)
    np.testing.assert_allclose(found.logits, plain.logits, atol=0.05)
    assert llama.evaluate([*code, code[0]], rows=1, cancel=Cancel()).evaluated == 1


def test_more_tokens_than_a_batch_are_evaluated_in_several(llama: LlamaModel) -> None:
    tokens = (llama.tokenize(CODE) * 60)[: llama.n_ctx]
    assert len(tokens) > 512
    rows = logits(llama, tokens, rows=len(tokens) - 500)
    assert np.isfinite(rows).all()


def test_a_prompt_longer_than_the_context_is_refused_by_name(llama: LlamaModel) -> None:
    with pytest.raises(ModelError, match=r"sidelong\.contextSize"):
        evaluated(llama, [llama.special.eos] * (llama.n_ctx + 1))


def test_a_set_flag_stops_before_anything_is_evaluated(llama: LlamaModel, code: list[int]) -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Stopped):
        llama.evaluate(code, rows=1, cancel=cancel)
    assert evaluated(llama, code) == len(code)


def test_a_flag_set_meanwhile_stops_inside_the_decoder(llama: LlamaModel) -> None:
    tokens = (llama.tokenize(CODE) * 60)[:500]
    before = logits(llama, tokens[:20])
    for delay_ms in (1, 3, 6, 10, 20, 40):
        evaluated(llama, [llama.special.eos])
        cancel = Cancel()
        timer = threading.Timer(delay_ms / 1000, cancel.set)
        timer.start()
        try:
            llama.evaluate(tokens, rows=1, cancel=cancel)
        except Stopped:
            break
        finally:
            timer.join()
    else:
        pytest.fail("500 tokens were evaluated before the flag was seen, at every delay")
    assert not cancel.is_set() or evaluated(llama, tokens[:20]) == 20
    np.testing.assert_allclose(logits(llama, tokens[:20]), before, atol=0.05)


def test_special_tokens_are_found_in_the_file(llama: LlamaModel) -> None:
    special = llama.special
    assert special.decides
    ids = [special.fim_prefix, special.fim_middle, special.fim_suffix, special.eof, special.cc]
    assert len(set(ids)) == 5
    assert all(llama.pieces.pieces[i] == b"" for i in ids if i is not None)


def test_the_text_of_a_special_token_is_plain_text(llama: LlamaModel) -> None:
    assert llama.special.cc not in llama.tokenize("a <cc> b <fim_middle>")


@pytest.mark.parametrize("text", ["", "\n", "naïve 😀 漢字\r\n\t", "\ud800", "\0"])
def test_any_text_can_be_tokenised(llama: LlamaModel, text: str) -> None:
    pieces = b"".join(llama.pieces.pieces[i] for i in llama.tokenize(text))
    assert pieces == text.encode("utf-8", "replace")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"no model file at .*absent\.gguf.*model\.path"):
        LlamaModel(tmp_path / "absent.gguf")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"sidelong\.model\.path"):
        LlamaModel(tmp_path)


def test_another_kind_of_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.gguf"
    path.write_text("not a model")
    with pytest.raises(ModelUnreadable, match=r"notes\.gguf is not a GGUF"):
        LlamaModel(path)


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5, 0.99])
def test_a_truncated_model(tmp_path: Path, default_model: Path, share: float) -> None:
    whole = default_model.read_bytes()
    path = tmp_path / "torn.gguf"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelUnreadable, match=r"torn\.gguf cannot be loaded: .*fetch it again"):
        LlamaModel(path)


MEMORY = """
import resource, sys
from pathlib import Path
from sidelong.engine.model.llama import LlamaModel
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 500_000_000,) * 2)
LlamaModel(Path(sys.argv[1]), threads=1)
"""
"""Loads a model with half a gigabyte of memory."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")
def test_memory_that_cannot_be_had_is_no_damage(tmp_path: Path, default_model: Path) -> None:
    large = tmp_path / "large.gguf"
    large.write_bytes(default_model.read_bytes())
    os.truncate(large, 1_000_000_000)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, large], capture_output=True, text=True, check=False
    )
    assert "There is no memory for the model" in done.stderr
    assert "damaged" not in done.stderr


def test_loading_stops_when_it_is_not_wanted_any_more(default_model: Path) -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Stopped):
        LlamaModel(default_model, threads=1, cancel=cancel)


def write_gguf(path: Path, architecture: str, *, tokens: list[str]) -> Path:
    """A tiny llama with random weights: real enough to be loaded."""
    writer = tiny.begin(path, architecture, context_length=64)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("starcoder")
    writer.add_token_list(tokens)
    kinds = [gguf.TokenType.CONTROL if t.startswith("<") else gguf.TokenType.NORMAL for t in tokens]
    writer.add_token_types(kinds)
    writer.add_token_merges(["a b"])
    tiny.end(writer, n_tokens=len(tokens))
    return path


def test_an_unknown_architecture(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "new.gguf", "mamba9000", tokens=["a", "b", "ab", "<eos>"])
    with pytest.raises(ModelUnsupported, match=r"mamba9000.*Update llama-cpp-python"):
        LlamaModel(path)


def test_a_model_without_fim_tokens(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "chat.gguf", "llama", tokens=["a", "b", "ab", "<eos>"])
    with pytest.raises(ModelWithoutFim, match=r"chat\.gguf has no fill-in-the-middle tokens"):
        LlamaModel(path)


def test_fim_tokens_of_another_family_are_recognised_and_it_cannot_decide(tmp_path: Path) -> None:
    names = ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|endoftext|>"]
    path = write_gguf(tmp_path / "other.gguf", "llama", tokens=["a", "b", "ab", *names])
    model = LlamaModel(path)
    special = model.special
    assert (special.fim_prefix, special.fim_suffix, special.fim_middle) == (3, 4, 5)
    assert not special.decides
    model.close()
    model.close()


def prompts(llama: LlamaModel, n: int) -> list[list[int]]:
    """Long prompts that differ from their first token on."""
    tokens = llama.tokenize("def area(width, height):\n    return width * height\n" * 30)
    return [[100 + i, *tokens[:300]] for i in range(n)]


def test_going_back_to_a_prompt_reads_its_last_token_alone(llama: LlamaModel) -> None:
    llama.forget()
    five = prompts(llama, 5)
    first = [llama.evaluate(tokens, rows=1, cancel=Cancel()) for tokens in five]
    again = [llama.evaluate(tokens, rows=1, cancel=Cancel()) for tokens in five]
    assert [evaluation.evaluated for evaluation in first] == [301] * 5
    assert [evaluation.evaluated for evaluation in again] == [1] * 5
    for one, other in zip(first, again, strict=True):
        assert (one.logits == other.logits).all()


def test_saved_prompts_stay_within_their_memory(llama: LlamaModel) -> None:
    llama.forget()
    first, *others = prompts(llama, 4)
    llama.evaluate(first, rows=1, cancel=Cancel())
    llama.evaluate(others[0], rows=1, cancel=Cancel())
    size = llama._saved.bytes
    assert size > 0
    saved = SavedPrompts(most_bytes=2 * size)
    llama._saved = saved
    for tokens in (first, *others):
        llama.evaluate(tokens, rows=1, cancel=Cancel())
        assert saved.bytes <= 2 * size
    assert llama.evaluate(first, rows=1, cancel=Cancel()).evaluated == 301
    assert llama.evaluate(others[-1], rows=1, cancel=Cancel()).evaluated == 1
    llama._saved = SavedPrompts()


def test_what_is_forgotten_is_read_again(llama: LlamaModel) -> None:
    llama.forget()
    one, other = prompts(llama, 2)
    llama.evaluate(one, rows=1, cancel=Cancel())
    llama.evaluate(other, rows=1, cancel=Cancel())
    llama.forget()
    assert llama.evaluate(one, rows=1, cancel=Cancel()).evaluated == 301


@pytest.mark.parametrize(
    ("gpu_layers", "on"), [(0, False), (1, False), (4, False), (5, True), (-1, True)]
)
def test_flash_attention_is_on_where_every_layer_is_offloaded(
    monkeypatch: pytest.MonkeyPatch, gpu_layers: int, on: bool
) -> None:
    asked: list[int] = []
    make = llama_cpp.llama_init_from_model

    def spy(model: object, params: llama_cpp.llama_context_params) -> object:
        asked.append(params.flash_attn_type)
        return make(model, params)

    monkeypatch.setattr(llama_cpp, "llama_init_from_model", spy)
    # This build has no graphics card: it is told of one, and computes on the CPU all the same.
    monkeypatch.setattr("sidelong.engine.model.llama.supports_gpu", lambda: True)
    model = LlamaModel(nano_model(), threads=1, gpu_layers=gpu_layers)
    assert llama_cpp.llama_model_n_layer(model._model) == 4
    model.close()
    assert [kind != llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED for kind in asked] == [on]
