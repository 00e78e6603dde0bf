"""The header of a GGUF is checked before llama.cpp sees it."""

from __future__ import annotations

import ctypes
import io
import random
from collections.abc import Callable
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
import pytest

from sidelong.engine.model import file, header
from sidelong.engine.model.header import Damaged, Header, Unknown
from sidelong.engine.model.llama import LlamaModel
from sidelong.errors import ModelUnreadable, ModelUnsupported


def read(content: bytes) -> Header:
    return header.read(io.BytesIO(content), len(content))


def small(path: Path, change: Callable[[gguf.GGUFWriter], None] = lambda _writer: None) -> Path:
    """A GGUF of one tensor, with the test's own values."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_token_list(["a", "b"])
    change(writer)
    writer.add_tensor("token_embd.weight", np.zeros((2, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_the_facts_of_the_shipped_model_are_those_that_gguf_reads(default_model: Path) -> None:
    found = read(default_model.read_bytes())
    theirs = gguf.GGUFReader(default_model)
    assert found.n_tensors == len(theirs.tensors)
    for key, value in found.values.items():
        assert theirs.fields[key].contents() == pytest.approx(value)
    for key, (_, n) in found.arrays.items():
        assert len(theirs.fields[key].contents()) == n


def test_the_types_of_tensors_are_those_of_this_llama_cpp() -> None:
    libraries = sorted((Path(llama_cpp.__file__).parent / "lib").glob("*ggml-base*"))
    library = ctypes.CDLL(str(libraries[0]))
    library.ggml_type_size.restype = ctypes.c_size_t
    library.ggml_blck_size.restype = ctypes.c_int64
    sizes = {i: (library.ggml_blck_size(i), library.ggml_type_size(i)) for i in range(43)}
    assert {i: size for i, size in sizes.items() if size[0]} == header.TENSOR_TYPES


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5, 0.999])
def test_a_part_of_a_file_is_damaged(default_model: Path, share: float) -> None:
    content = default_model.read_bytes()
    with pytest.raises(Damaged):
        read(content[: int(len(content) * share)])


def test_whatever_is_changed_in_a_header_it_is_read_or_refused(tmp_path: Path) -> None:
    content = small(tmp_path / "small.gguf").read_bytes()
    chosen = random.Random(0)
    refused = 0
    for _ in range(3_000):
        changed = bytearray(content)
        at = chosen.randrange(len(content) - 8)
        changed[at : at + 8] = chosen.choice([b"\xff" * 8, b"\0" * 8, chosen.randbytes(8)])
        try:
            read(bytes(changed))
        except (Damaged, Unknown):
            refused += 1
    assert 1_000 < refused < 3_000


def test_counts_of_what_is_not_there_are_refused(tmp_path: Path) -> None:
    for change, message in (
        (lambda writer: writer.add_uint32("general.alignment", 24), "no power of two"),
        (lambda writer: writer.add_token_types([1]), "one element for each token"),
        (lambda writer: writer.add_array("tokenizer.ggml.scores", ["a", "b"]), "have the type 8"),
        (lambda writer: writer.add_uint32("llama.block_count", 9), "has 9 layers"),
        (lambda writer: writer.add_uint32("split.count", 10**9), "one of 1000000000 files"),
    ):
        path = tmp_path / "odd.gguf"

        def changed(writer: gguf.GGUFWriter, change: Callable[..., None] = change) -> None:
            writer.kv_data[0].pop("llama.block_count", None)
            change(writer)

        small(path, changed)
        with pytest.raises(Damaged, match=message):
            read(path.read_bytes())
        with pytest.raises(ModelUnreadable, match=rf"odd\.gguf cannot be loaded: .*{message}"):
            file.check(path)


def part(path: Path, number: int) -> Path:
    """One of three files of a model, all with the layers of the whole in their headers."""

    def one_of_three(writer: gguf.GGUFWriter) -> None:
        writer.kv_data[0].pop("llama.block_count")
        writer.add_block_count(24)
        writer.add_uint16("split.count", 3)
        writer.add_uint16("split.no", number)

    return small(path, one_of_three)


def test_the_first_of_several_files_is_left_to_llama_cpp(tmp_path: Path) -> None:
    parts = [part(tmp_path / f"large-0000{n + 1}-of-00003.gguf", n) for n in range(3)]
    assert file.check(parts[0]).n_tensors == 1

    before = file.fingerprint(parts[0])
    parts[2].write_bytes(parts[2].read_bytes() + b"\0")
    assert file.fingerprint(parts[0]) != before

    parts[1].unlink()
    with pytest.raises(ModelUnsupported, match=r"1 of them are missing .*large-00002-of-00003"):
        file.check(parts[0])


@pytest.mark.parametrize(("name", "number"), [("large-00002-of-00003.gguf", 1), ("large.gguf", 0)])
def test_a_part_that_is_not_the_first_or_was_renamed_is_no_damage(
    tmp_path: Path, name: str, number: int
) -> None:
    with pytest.raises(ModelUnsupported, match=r"one of 3 files of a model, and not the first"):
        file.check(part(tmp_path / name, number))


def test_a_type_of_tensor_that_is_not_known_is_no_damage(tmp_path: Path) -> None:
    path = small(tmp_path / "new.gguf")
    content = path.read_bytes()
    kind = content.index(b"token_embd.weight") + len(b"token_embd.weight") + 4 + 2 * 8
    path.write_bytes(content[:kind] + (99).to_bytes(4, "little") + content[kind + 4 :])
    with pytest.raises(ModelUnsupported, match=r"by this llama\.cpp.* has the type 9"):
        file.check(path)


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("general.type", "adapter", "an adapter"),
        ("general.type", "mmproj", "a projector"),
        ("general.architecture", "clip", "a projector"),
        ("general.type", "imatrix", "an importance matrix"),
    ],
)
def test_another_kind_of_gguf_is_called_what_it_is(
    tmp_path: Path, key: str, value: str, what: str
) -> None:
    path = small(tmp_path / "other.gguf", lambda writer: writer.add_string(key, value))
    with pytest.raises(ModelUnsupported, match=rf"other\.gguf is {what}.*of the model"):
        file.check(path)


def test_a_type_that_this_llama_cpp_alone_does_not_know_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small(tmp_path / "new.gguf")
    content = path.read_bytes()
    kind = content.index(b"token_embd.weight") + len(b"token_embd.weight") + 4 + 2 * 8
    path.write_bytes(content[:kind] + (99).to_bytes(4, "little") + content[kind + 4 :])
    monkeypatch.setattr(header, "TENSOR_TYPES", {**header.TENSOR_TYPES, 99: (32, 34)})
    with pytest.raises(ModelUnsupported, match=r"invalid ggml type 99.*Update llama-cpp-python"):
        LlamaModel(path)


def test_a_bpe_without_its_pre_tokenizer_is_remarked_on(tmp_path: Path) -> None:
    def without(writer: gguf.GGUFWriter) -> None:
        writer.add_tokenizer_model("gpt2")

    def with_pre(writer: gguf.GGUFWriter) -> None:
        without(writer)
        writer.add_tokenizer_pre("qwen2")

    (remark,) = file.remarks(file.check(small(tmp_path / "old.gguf", without)))
    assert "tokenizer.ggml.pre" in remark
    assert file.remarks(file.check(small(tmp_path / "new.gguf", with_pre))) == ()
