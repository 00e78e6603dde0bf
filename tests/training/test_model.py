"""The model file: what it computes, and that it is laid out as llama.cpp wants it."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
import torch.nn.functional as F
from training.model import Model, attend, parameters, rotary, rotate, shape


def tiny() -> Model:
    torch.manual_seed(0)
    model = Model(shape("tiny", 128))
    for parameter in model.parameters():
        if parameter.ndim == 2:
            torch.nn.init.normal_(parameter, std=0.1)
    return model


def test_a_later_token_changes_nothing_before_it() -> None:
    model = tiny()
    ids = torch.arange(20)[None]
    changed = ids.clone()
    changed[0, 12] = 99
    difference = (model(ids) - model(changed)).abs().amax(dim=-1)[0]
    assert difference[:12].max() < 1e-5
    assert difference[12:].min() > 1e-3


def test_rotary_positions_turn_interleaved_pairs() -> None:
    cos, sin = rotary(3, 4, torch.device("cpu"))
    x = torch.tensor([1.0, 0.0, 0.0, 1.0]).expand(1, 1, 3, 4)
    turned = rotate(x, cos, sin)[0, 0, 2]
    angle = torch.tensor([2.0, 0.02])
    expected = torch.stack([angle[0].cos(), angle[0].sin(), -angle[1].sin(), angle[1].cos()])
    torch.testing.assert_close(turned, expected)


def test_a_new_model_is_undecided() -> None:
    torch.manual_seed(0)
    logits = Model(shape("tiny", 128))(torch.arange(16)[None])
    assert logits.std() < 1


@pytest.mark.parametrize(("size", "low", "high"), [("tiny", 3e5, 4e5), ("nano", 3.5e6, 4.5e6)])
def test_the_dial_gives_the_sizes_it_names(size: str, low: float, high: float) -> None:
    with torch.device("meta"):
        model = Model(shape(size, 4096))
    assert low < parameters(model) < high


@pytest.mark.parametrize("size", ["tiny", "nano"])
def test_rows_fill_whole_blocks_of_q8_0(size: str) -> None:
    s = shape(size, 4096)
    assert s.width % 32 == 0
    assert s.hidden % 32 == 0
    assert s.width == s.heads * s.head_width
    assert s.heads % s.kv_heads == 0


def test_attention_on_a_processor_is_pytorchs() -> None:
    torch.manual_seed(0)
    q = torch.randn(3, 4, 17, 8)
    k, v = torch.randn(3, 2, 17, 8), torch.randn(3, 2, 17, 8)
    wanted = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    torch.testing.assert_close(attend(q, k, v), wanted, rtol=1e-4, atol=1e-5)


def test_the_loss_in_pieces_is_the_loss_of_all_logits_and_so_are_its_gradients() -> None:
    model = tiny()
    torch.manual_seed(1)
    ids, next_ids = torch.randint(0, 128, (2, 5, 120))
    weights = torch.rand(5, 120)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(ids)
    each = F.cross_entropy(logits.flatten(0, 1).float(), next_ids.flatten(), reduction="none")
    plain = (each * weights.flatten()).sum()
    plain.backward()  # type: ignore[no-untyped-call]
    wanted = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(ids, next_ids, weights)
    loss.backward()
    assert loss.item() == pytest.approx(plain.item(), rel=1e-3)
    assert wanted.keys() == {name for name, p in model.named_parameters() if p.grad is not None}
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        off = (parameter.grad - wanted[name]).norm() / wanted[name].norm()
        assert off < 0.02, name


def test_a_shape_may_be_spelled_out() -> None:
    assert shape("64x2x2x1x192", 128) == shape("tiny", 128)
