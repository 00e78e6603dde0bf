"""The cost of a keystroke with the shipped model and with a larger one, by `bench.online`.

The shipped model is measured as it is; then with chunks in its prompt, and a larger one too, which
decides for itself or lets the shipped one decide; each with a threshold where it retrieves for a
fifth of the keystrokes, as often as retrieval helps in the published figures (or more often, where
several keystrokes have one probability).
The weights of the larger shape are random. Its decisions and texts mean nothing, but their cost
is that of a trained model of this shape with a small vocabulary.

    python -m bench.online.shapes [--blanks 6] [--keys 4] [--shape 50m]
"""

from __future__ import annotations

import argparse
import os
import shutil
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt
from bench.online.__main__ import main as measure
from bench.online.strokes import texts

from sidelong.cli.source import code_files
from sidelong.engine import Cancel, Completer, Request, load_model
from sidelong.evaluation.sampling import sample
from sidelong.paths import default_model
from sidelong.settings import Settings

PACKAGE = "rich"
CONTEXT = 320
RETRIEVED = 0.2
CONFIG = "minProbability = 0\nbudget.generated = 16\n"
"""As many tokens as a line has, whatever a model thinks of them."""


@dataclass(frozen=True)
class Shape:
    """A llama of usual proportions."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    hidden: int


SHAPES = {
    "50m": Shape(layers=16, width=512, heads=8, kv_heads=4, hidden=1536),
    "360m": Shape(layers=24, width=896, heads=14, kv_heads=2, hidden=4864),
}
"""The second is that of Qwen2.5-Coder-0.5B without its vocabulary."""


def write_random(path: Path, shape: Shape) -> None:
    """A GGUF with the shipped model's vocabulary and random weights in Q8_0."""
    shipped = gguf.GGUFReader(default_model())
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_block_count(shape.layers)
    writer.add_context_length(1024)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    for name, field in shipped.fields.items():
        if name.startswith(("tokenizer.", "sidelong.")) and name != "sidelong.cache.mixture":
            kind = field.types[0]
            inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), kind, sub_type=inner)
    vocabulary = len(shipped.fields["tokenizer.ggml.tokens"].data)
    for name, size in tensors(shape, vocabulary).items():
        add(writer, name, size)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensors(shape: Shape, vocabulary: int) -> dict[str, tuple[int, ...]]:
    """Names and sizes; `output.weight` is left out, so embeddings are tied."""
    width, hidden = shape.width, shape.hidden
    kv = width // shape.heads * shape.kv_heads
    named: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (vocabulary, width),
        "output_norm.weight": (width,),
    }
    for i in range(shape.layers):
        block: dict[str, tuple[int, ...]] = {
            "attn_norm": (width,),
            "attn_q": (width, width),
            "attn_k": (kv, width),
            "attn_v": (kv, width),
            "attn_output": (width, width),
            "ffn_norm": (width,),
            "ffn_gate": (hidden, width),
            "ffn_up": (hidden, width),
            "ffn_down": (width, hidden),
        }
        named |= {f"blk.{i}.{name}.weight": size for name, size in block.items()}
    return named


def add(writer: gguf.GGUFWriter, name: str, size: tuple[int, ...]) -> None:
    if len(size) == 1:
        writer.add_tensor(name, np.ones(size, dtype=np.float32))
        return
    rng = np.random.default_rng(len(name) + size[0])
    weights: npt.NDArray[np.float32] = rng.standard_normal(size, dtype=np.float32) / size[1] ** 0.5
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quantize(weights, kind), raw_dtype=kind)


def threshold(model: Path, root: Path, *, blanks: int, keys: int) -> float:
    """The threshold that P(<cc>) passes for a fifth of the keystrokes to be measured."""
    completer = Completer(load_model(model))
    probabilities = []
    for case in sample(code_files(root, Settings()), n=blanks, seed=0):
        for text, offset in list(texts(case, keys))[1:]:
            request = Request(case.file.path, case.file.language, text, offset)
            considered = completer.consider(request, Cancel())
            assert considered is not None, f"{model} has no token to decide with"
            probabilities.append(considered[0].probability)
    completer.close()
    return float(np.quantile(probabilities, 1 - RETRIEVED))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blanks", type=int, default=6)
    parser.add_argument("--keys", type=int, default=4)
    parser.add_argument("--shape", choices=SHAPES, default="50m")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        root = folder / PACKAGE
        shutil.copytree(Path(sysconfig.get_paths()["purelib"]) / PACKAGE, root)
        config, larger = folder / "config.toml", folder / f"random-{args.shape}.gguf"
        config.write_text(CONFIG, encoding="utf-8")
        os.environ |= {"SIDELONG_CONFIG": str(config), "SIDELONG_CACHE_DIR": str(folder / "cache")}
        write_random(larger, SHAPES[args.shape])
        command = [str(root), "-n", str(args.blanks), "--keys", str(args.keys)]
        measure(command)
        for model, decider in (
            (default_model(), default_model()),
            (larger, larger),
            (larger, default_model()),
        ):
            rare = threshold(decider, root, blanks=args.blanks, keys=args.keys)
            policy = () if decider == model else ("--policy", str(decider))
            print(
                f"\n{decider.name} decides, {CONTEXT} tokens of chunks in the prompt, "
                f"threshold {rare:.4g}:"
            )
            measure(
                [
                    *command,
                    *("--model", str(model), *policy, "--context", str(CONTEXT)),
                    *("--threshold", f"{rare:.6g}", "--interval", "300"),
                ]
            )


if __name__ == "__main__":
    main()
