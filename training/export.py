"""Stage 10, the product: weights and vocabulary as one GGUF that llama.cpp runs.

F32 and Q8_0 need the package gguf alone; for the rest llama.cpp itself quantises.
Leaves tensors' meaning to `model`; `restore` is the way back.

    python -m training.export --checkpoint WORK/decide.pt --tokenizer WORK/tokenizer.json \\
        --edition first --report WORK/report.json --out server/sidelong/data/default.gguf
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import gguf
import numpy as np
import torch

from sidelong.engine.mixture import DEFAULT, Mixture
from sidelong.engine.prompt import Budget
from training import checkpoints
from training.edition import BUDGET, SERVED
from training.files import whole
from training.model import NORM_EPS, ROPE_BASE, Model, Shape
from training.tokenizer import Vocabulary, load

TYPES = {
    "f32": gguf.LlamaFileType.ALL_F32,
    "f16": gguf.LlamaFileType.MOSTLY_F16,
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
    "q4_k_m": gguf.LlamaFileType.MOSTLY_Q4_K_M,
}


@dataclass(frozen=True)
class Card:
    """What the file says about itself besides weights and vocabulary."""

    edition: str
    threshold: float
    budget: Budget = SERVED
    mixture: Mixture = DEFAULT


def write(path: Path, model: Model, vocabulary: Vocabulary, card: Card, *, kind: str) -> None:
    """The model as a GGUF of F32, or with its matrices as Q8_0; in the place of an older one."""
    with whole(path) as aside:
        _write(aside, model, vocabulary, card, kind=kind)


def _write(path: Path, model: Model, vocabulary: Vocabulary, card: Card, *, kind: str) -> None:
    writer = gguf.GGUFWriter(str(path), "llama")
    _about(writer, card)
    _shape(writer, model.shape, BUDGET)
    _vocabulary(writer, vocabulary)
    writer.add_file_type(TYPES[kind])
    for name, tensor in tensors(model).items():
        values = np.ascontiguousarray(tensor.detach().float().cpu().numpy())
        if kind == "q8_0" and values.ndim == 2:
            q8_0 = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(values, q8_0), raw_dtype=q8_0)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensors(model: Model) -> dict[str, torch.Tensor]:
    """llama.cpp's names for the weights; `output.weight` is left out, so embeddings are tied."""
    named = {"token_embd.weight": model.embedding.weight, "output_norm.weight": model.norm.weight}
    for i, block in enumerate(model.blocks):
        state = block.state_dict()
        for ours, theirs in _BLOCK_NAMES.items():
            named[f"blk.{i}.{theirs}.weight"] = state[f"{ours}.weight"]
    return named


_BLOCK_NAMES = {
    "attention_norm": "attn_norm",
    "attention.q": "attn_q",
    "attention.k": "attn_k",
    "attention.v": "attn_v",
    "attention.output": "attn_output",
    "feed_norm": "ffn_norm",
    "feed.gate": "ffn_gate",
    "feed.up": "ffn_up",
    "feed.down": "ffn_down",
}


def _about(writer: gguf.GGUFWriter, card: Card) -> None:
    writer.add_name(f"sidelong default, edition {card.edition}")
    writer.add_author("the sidelong contributors")
    writer.add_license("apache-2.0")
    writer.add_description("Fill-in-the-middle code model that decides when to retrieve")
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_uint32("sidelong.prefix_tokens", card.budget.prefix)
    writer.add_uint32("sidelong.suffix_tokens", card.budget.suffix)
    writer.add_uint32("sidelong.context_tokens", card.budget.context)
    writer.add_uint32("sidelong.max_tokens", card.budget.generated)
    writer.add_float32("sidelong.gate.threshold", card.threshold)
    writer.add_string("sidelong.edition", card.edition)
    writer.add_string("sidelong.cache.mixture", card.mixture.text())


def _shape(writer: gguf.GGUFWriter, s: Shape, budget: Budget) -> None:
    writer.add_block_count(s.layers)
    writer.add_context_length(-(-budget.total // 256) * 256)
    writer.add_embedding_length(s.width)
    writer.add_feed_forward_length(s.hidden)
    writer.add_head_count(s.heads)
    writer.add_head_count_kv(s.kv_heads)
    writer.add_rope_dimension_count(s.head_width)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(NORM_EPS)
    writer.add_vocab_size(s.vocabulary)


def _vocabulary(writer: gguf.GGUFWriter, vocabulary: Vocabulary) -> None:
    special = vocabulary.special
    controls = {i for i, piece in enumerate(vocabulary.pieces.pieces) if not piece}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("starcoder")
    writer.add_token_list(vocabulary.texts)
    writer.add_token_types(
        [
            gguf.TokenType.CONTROL if i in controls else gguf.TokenType.NORMAL
            for i in range(vocabulary.size)
        ]
    )
    writer.add_token_merges(vocabulary.merges)
    if not special.suffix_first:
        writer.add_string("sidelong.order", "prefix first")
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_bos_token_id(special.eos)
    writer.add_eos_token_id(special.eos)
    writer.add_uint32("tokenizer.ggml.fim_pre_token_id", special.fim_prefix)
    writer.add_uint32("tokenizer.ggml.fim_suf_token_id", special.fim_suffix)
    writer.add_uint32("tokenizer.ggml.fim_mid_token_id", special.fim_middle or 0)
    writer.add_uint32("tokenizer.ggml.fim_sep_token_id", special.file_sep or 0)


def quantise(source: Path, target: Path, kind: str) -> None:
    """Have llama.cpp rewrite `source` as `kind`; `target` appears only when it is whole."""
    import llama_cpp

    @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
    def silence(_level: int, _text: bytes, _data: object) -> None:
        """llama.cpp would list every tensor."""

    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = int(TYPES[kind])
    options.nthread = 2
    llama_cpp.llama_log_set(silence, None)
    with whole(target) as aside:
        code = llama_cpp.llama_model_quantize(
            os.fsencode(source), os.fsencode(aside), ctypes.byref(options)
        )
        if code:
            raise SystemExit(f"llama.cpp could not quantise {source} to {kind} (code {code})")


def export(target: Path, model: Model, vocabulary: Vocabulary, card: Card, *, kind: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if kind in ("f32", "q8_0"):
        write(target, model, vocabulary, card, kind=kind)
        return
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        source = Path(folder) / "f32.gguf"
        write(source, model, vocabulary, card, kind="f32")
        quantise(source, target, kind)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--edition", default="dev")
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--report", type=Path, help="take the threshold that `evaluate` chose")
    parser.add_argument("--mixture", type=Path, help="the cache's say as `mixture` fitted it")
    parser.add_argument("--type", choices=sorted(TYPES), default="q8_0")
    parser.add_argument(
        "--context", type=int, default=SERVED.context, help="tokens of chunks in a prompt"
    )
    parser.add_argument("--prefix-first", action="store_true", help="trained in the other order")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    threshold = args.threshold
    if args.report:
        threshold = json.loads(args.report.read_text(encoding="utf-8"))["threshold"]
    fitted = DEFAULT
    if args.mixture:  # which imports the engine; a machine that only trains has none
        from training import mixture

        fitted = mixture.read(args.mixture)
    card = Card(args.edition, threshold, replace(SERVED, context=args.context), fitted)
    vocabulary = load(args.tokenizer, suffix_first=not args.prefix_first)
    export(args.out, checkpoints.load(args.checkpoint), vocabulary, card, kind=args.type)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
