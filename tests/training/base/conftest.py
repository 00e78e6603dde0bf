"""A toy of the source model: Qwen's architecture, tokens and file, of random weights."""

from __future__ import annotations

import json
import sysconfig
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("tokenizers")

import numpy as np
from tokenizers import pre_tokenizers, trainers
from training import metadata, modelfile
from training.base import documents
from training.base.documents import Documents
from training.base.sample import of_package
from training.base.teacher import THEIRS, teacher
from training.base.vocabulary import Rule, byte_pairs, count, cut, said
from training.corpus import SourceFile
from training.examples import Sampling
from training.model import Shape
from training.modelfile import EMBEDDING, ModelFile
from training.tokenizer import Vocabulary, load

STDLIB = Path(sysconfig.get_path("stdlib"))


@pytest.fixture(scope="session")
def files() -> list[SourceFile]:
    """A package: some of the standard library."""
    names = ["textwrap.py", "bisect.py", "heapq.py", "fnmatch.py", "shlex.py"]
    return [SourceFile("stdlib", name, (STDLIB / name).read_text("utf-8")) for name in names]


@pytest.fixture(scope="session")
def source(files: list[SourceFile], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the toy; its tokens are learned from the package, its special ones come last."""
    learned = byte_pairs({}, [])
    trainer = trainers.BpeTrainer(
        vocab_size=1200,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    learned.train_from_iterator((file.text for file in files), trainer)
    learned.add_special_tokens(list(THEIRS.values()))
    tokens = [str(learned.id_to_token(i)) for i in range(learned.get_vocab_size())]
    merges = [" ".join(rule) for rule in json.loads(learned.to_str())["model"]["merges"]]
    shape = Shape(len(tokens), width=64, layers=2, heads=2, kv_heads=1, hidden=192)
    fields = {
        **metadata.shape("qwen2", shape, 4096, rope_base=1e6, norm_eps=1e-6),
        "tokenizer.ggml.tokens": modelfile.texts(tokens),
        "tokenizer.ggml.merges": modelfile.texts(merges),
    }
    path = tmp_path_factory.mktemp("source") / "qwen.gguf"
    modelfile.write(path, ModelFile("qwen2", fields, _weights(shape)))
    return path


def _weights(s: Shape) -> dict[str, modelfile.Tensor]:
    """Random, of the types that the Q4_K_M file of the real one has for the most part."""
    rng = np.random.default_rng(1)
    kv = s.kv_heads * s.head_width
    sizes: dict[str, tuple[int, ...]] = {EMBEDDING: (s.vocabulary, s.width)}
    sizes |= {"output.weight": (s.vocabulary, s.width), "output_norm.weight": (s.width,)}
    for i in range(s.layers):
        sizes |= {
            f"blk.{i}.attn_norm.weight": (s.width,),
            f"blk.{i}.attn_q.weight": (s.width, s.width),
            f"blk.{i}.attn_q.bias": (s.width,),
            f"blk.{i}.attn_k.weight": (kv, s.width),
            f"blk.{i}.attn_k.bias": (kv,),
            f"blk.{i}.attn_v.weight": (kv, s.width),
            f"blk.{i}.attn_v.bias": (kv,),
            f"blk.{i}.attn_output.weight": (s.width, s.width),
            f"blk.{i}.ffn_norm.weight": (s.width,),
            f"blk.{i}.ffn_gate.weight": (s.hidden, s.width),
            f"blk.{i}.ffn_up.weight": (s.hidden, s.width),
            f"blk.{i}.ffn_down.weight": (s.width, s.hidden),
        }
    made = {}
    for name, size in sizes.items():
        values = rng.normal(0, 0.12, size) + (1 if name.endswith("norm.weight") else 0)
        made[name] = modelfile.pack(values, "q8_0" if name == "output.weight" else "q5_0")
    # They are tied, but for the precision.
    made[EMBEDDING] = modelfile.pack(made["output.weight"].floats(), "q5_0")
    return made


@pytest.fixture(scope="session")
def tokenizer(
    source: Path, files: list[SourceFile], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The source's vocabulary cut to what the package needs often."""
    texts, merges = said(modelfile.read(source))
    whole = byte_pairs({text: i for i, text in enumerate(texts)}, merges)
    seen = count(whole, (file.text for file in files))
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    cut(texts, merges, seen, Rule(first=300, least=12)).save(str(path))
    return path


@pytest.fixture(scope="session")
def vocab(tokenizer: Path) -> Vocabulary:
    return load(tokenizer)


@pytest.fixture(scope="session")
def taught(source: Path, vocab: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the teacher."""
    path = tmp_path_factory.mktemp("teacher") / "teacher.gguf"
    modelfile.write(path, teacher(modelfile.read(source), vocab, "toy"))
    return path


@pytest.fixture(scope="session")
def data(files: list[SourceFile], vocab: Vocabulary) -> Documents:
    """Documents of the package, most of them with chunks."""
    sampling = Sampling(chars_per_blank=1500, context_share=0.8, target_in_query_share=0.3)
    found = of_package(vocab, files, sampling)
    return documents.pack(((p.suffix, p.prefix, p.target, p.context), q) for p, q in found)
