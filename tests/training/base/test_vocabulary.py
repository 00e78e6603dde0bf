"""A vocabulary that was cut: closed under merges, and tokenised by llama.cpp as by `tokenizers`."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import numpy as np
import pytest
from training import modelfile
from training.base.teacher import THEIRS
from training.base.vocabulary import MULTIPLE, Rule, byte_pairs, count, cut, of, said
from training.corpus import SourceFile
from training.modelfile import EMBEDDING
from training.tokenizer import SPECIAL, Vocabulary

from sidelong.engine.model.llama import LlamaModel

SITE = Path(sysconfig.get_path("purelib"))
STDLIB = Path(sysconfig.get_path("stdlib"))
ROOT = Path(__file__).parents[3]

INSTALLED = [
    *sorted((STDLIB / "json").glob("*.py")),
    *sorted((SITE / "numpy" / "_core" / "include" / "numpy").glob("*.h")),
    *sorted((ROOT / "editors" / "vscode").rglob("src/*.ts")),
]

WRITTEN = {
    "a.js": "export const π = (x) => x?.y ?? `n: ${x}\\n`; // don't\n\n\n\tif(!x){return}\r\n",
    "a.jsx": "function A(){return <p className='b'>it's {1234567} — ok</p>;}\n",
    "a.ts": "type T<K extends string> = { [P in K]?: readonly number[] };\n",
    "a.tsx": "const B: React.FC<{a: number}> = ({a}) => <b>{a}\u00a0%</b>;\n",
    "a.go": "package main\n\nfunc (s *S) F(ch <-chan int) (err error) {\n\tx := 0xFF_00\n}\n",
    "a.rs": "impl<'a, T: ?Sized> F<'a> for &'a T { fn f(&self) -> Option<u8> { Some(b'\\n') } }\n",
    "a.java": "@Override public <T> List<? super T> f() { return s::g; } /* naïve */\n",
    "a.c": "#define M(a, ...) \\\n  do { (a)->b[1'000] |= ~0x7fUL; } while (0)\n",
    "a.cpp": "template <class... Ts> auto f(Ts&&... t) -> decltype(auto) { return (t + ...); }\n",
    "a.py": "def f(a, /, *, b=...):\n    '''日本語 🎉'''\n    return {**a, 'b': b'\\x00'}\n",
    "odd": "<cc><|endoftext|> I'LL we've\x00\t \n \n  \r\n\r\n   é\u0301  ½ ٣٤ ǅ x\u2028y   ",
}


def same(model: LlamaModel, vocabulary: Vocabulary, text: str) -> bool:
    return model.tokenize(text) == vocabulary.tokenize(text)


def test_llama_cpp_tokenises_every_language_as_tokenizers_does(
    taught: Path, vocab: Vocabulary
) -> None:
    model = LlamaModel(taught, threads=1)
    texts = {str(path): path.read_text("utf-8") for path in INSTALLED} | WRITTEN
    assert len(INSTALLED) > 20
    assert [name for name, text in texts.items() if not same(model, vocab, text)] == []
    assert model.pieces.pieces == vocab.pieces.pieces
    assert model.special == vocab.special
    model.close()


def test_every_token_is_a_byte_or_merged_from_two_that_were_kept(vocab: Vocabulary) -> None:
    ids = {text: i for i, text in enumerate(vocab.texts)}
    made = {"".join(rule.split(" ", 1)) for rule in vocab.merges}
    plain = vocab.texts[len(SPECIAL) :]
    assert vocab.texts[: len(SPECIAL)] == list(SPECIAL)
    assert all(len(text) == 1 or text in made for text in plain)
    assert all(part in ids for rule in vocab.merges for part in rule.split(" ", 1))
    assert sum(len(text) == 1 for text in plain) == 256
    assert vocab.size % MULTIPLE == 0


def test_text_of_kept_tokens_is_cut_as_the_source_cuts_it(
    source: Path, files: list[SourceFile], vocab: Vocabulary
) -> None:
    texts, merges = said(modelfile.read(source))
    whole = byte_pairs({text: i for i, text in enumerate(texts)}, merges)
    n = 0
    for line in {line for file in files for line in file.text.splitlines(keepends=True)}:
        theirs = whole.encode(line).tokens
        if set(theirs) <= set(vocab.texts):
            assert [vocab.texts[i] for i in vocab.tokenize(line)] == theirs
            n += 1
    assert n > 100


def test_what_stands_often_is_kept(source: Path, files: list[SourceFile]) -> None:
    texts, merges = said(modelfile.read(source))
    whole = byte_pairs({text: i for i, text in enumerate(texts)}, merges)
    seen = count(whole, (file.text for file in files))
    made = cut(texts, merges, seen, Rule(first=0, least=30))
    often = [texts[i] for i, n in seen.items() if n >= 30]
    assert len(often) > 50
    assert all(made.token_to_id(text) is not None for text in often)


def test_a_models_file_gives_its_vocabulary_back(taught: Path, vocab: Vocabulary) -> None:
    again = Vocabulary(of(modelfile.read(taught)))
    assert again.texts == vocab.texts
    assert again.merges == vocab.merges
    assert again.tokenize(WRITTEN["a.py"]) == vocab.tokenize(WRITTEN["a.py"])


def test_each_token_has_the_row_it_had(source: Path, taught: Path, vocab: Vocabulary) -> None:
    before, after = modelfile.read(source), modelfile.read(taught)
    ids = {text: i for i, text in enumerate(said(before)[0])}
    finer = before.tensors["output.weight"].floats()
    wanted = finer[[ids[THEIRS.get(text, text)] for text in vocab.texts]]
    assert np.array_equal(after.tensors[EMBEDDING].floats(), wanted)
    assert "output.weight" not in after.tensors


def test_the_default_model_tokenises_as_its_own_vocabulary_says() -> None:
    path = ROOT / "server" / "sidelong" / "data" / "default.gguf"
    file = modelfile.read(path) if path.exists() else None
    if file is None or file.architecture != "qwen2":
        pytest.skip("this checkout has no default model that was cut from Qwen's")
    model, vocabulary = LlamaModel(path, threads=1), Vocabulary(of(file))
    vocabulary.tokenizer.encode_special_tokens = True
    texts = [path.read_text("utf-8") for path in INSTALLED] + list(WRITTEN.values())
    assert all(same(model, vocabulary, text) for text in texts)
    model.close()
