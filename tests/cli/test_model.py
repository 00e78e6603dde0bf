"""`sidelong model list`, `add`, `use` and `remove`: a folder of real models, and no network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from gguf import GGUFWriter

from sidelong.engine import Speed
from sidelong.models.known import KNOWN
from sidelong.shipped import MOST_KEYSTROKE_MS, keep_speed

if TYPE_CHECKING:
    from tests.cli.conftest import Result, Run


@pytest.fixture
def models() -> Path:
    return Path(os.environ["SIDELONG_MODELS_DIR"])


@pytest.fixture
def config() -> Path:
    return Path(os.environ["SIDELONG_CONFIG"])


@pytest.fixture
def coder(default_model: Path, tmp_path: Path) -> Path:
    """A good model that the user has somewhere."""
    return Path(shutil.copy(default_model, tmp_path / "coder.gguf"))


@pytest.fixture
def chatty(tmp_path: Path) -> Path:
    """A whole GGUF that cannot fill in: it has no special tokens for that."""
    path = tmp_path / "chatty.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["a", "b", "</s>"])
    writer.add_token_types([1, 1, 3])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(2)
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(32)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    shapes = {"token_embd": (3, 32), "output_norm": (32,), "blk.0.attn_norm": (32,)}
    shapes |= {f"blk.0.attn_{name}": (32, 32) for name in ("q", "k", "v", "output")}
    shapes |= {"blk.0.ffn_norm": (32,)}
    shapes |= {f"blk.0.ffn_{name}": (32, 32) for name in ("gate", "up", "down")}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", np.zeros(shape, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def listed(result: Result) -> dict[str, dict[str, Any]]:
    assert result.status == 0, result.err
    return {model["name"]: model for model in result.json["models"]}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def answer(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a terminal at which somebody types this."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: said)


def test_the_shipped_models_are_listed_and_the_one_that_suits_is_in_use(
    sidelong: Run, models: Path
) -> None:
    both = listed(sidelong("model", "list", "--json"))
    assert {name: model["in_use_as"] for name, model in both.items()} == {
        "default": None,
        "nano": "model",
    }
    assert all(model["decides"] for model in both.values())
    assert names(models) == []


def test_a_shipped_model_is_used_by_its_name(sidelong: Run, config: Path) -> None:
    assert sidelong("model", "use", "default").status == 0
    assert listed(sidelong("model", "list", "--json"))["default"]["in_use_as"] == "model"
    assert sidelong("model", "use", "nano").status == 0
    assert 'path = "nano"' in config.read_text(encoding="utf-8")
    assert sidelong("model", "use", "auto").status == 0
    assert "nano" not in config.read_text(encoding="utf-8")


def test_known_models_are_listed_with_what_they_need(sidelong: Run) -> None:
    record = sidelong("model", "list", "--json").json
    assert [model["source"] for model in record["known"]] == [model.source for model in KNOWN]
    for model in record["known"]:
        assert model["memory_bytes"] > model["size_bytes"]
        fits = model["memory_bytes"] <= record["memory"]["total_bytes"]
        assert (model["fits"] == "no") is not fits
    out = sidelong("model").out
    assert all(model.source in out for model in KNOWN)
    assert "We have run Qwen2.5-Coder's 0.5B and 1.5B alone" in out


def test_what_suits_the_machine_is_recommended_by_its_measured_speed(
    sidelong: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sidelong.cli.models.listing.available_bytes", lambda: 64_000_000_000)
    record = sidelong("model", "list", "--json").json
    assert not any(model["recommended"] for model in record["known"])
    assert "None of them is quick enough" in sidelong("model").out

    keep_speed(Speed(prefill=4000, decode=400))
    known = sidelong("model", "list", "--json").json["known"]
    quick = [model for model in known if model["feels"]["keystroke_ms"] <= MOST_KEYSTROKE_MS]
    (best,) = (model for model in known if model["recommended"])
    worth = [model for model in quick if not model["is_no_better"]]
    assert best["parameters"] == max(model["parameters"] for model in worth)
    assert 0 < len(quick) < len(known)
    out = sidelong("model").out
    assert out.count("in a file that was not read") == len(KNOWN)
    assert f"and fits: {best['source']}" in out
    default = listed(sidelong("model", "list", "--json"))["default"]
    assert default["keystroke_ms"] == pytest.approx(Speed(4000, 400).keystroke_ms)
    assert f"default, as measured here: {default['keystroke_ms']:.0f} ms to the first" in out

    Path(os.environ["SIDELONG_SPEED_FILE"]).unlink()
    assert "`sidelong doctor` measures it" in sidelong("model").out
    assert sidelong("model", "list", "--json").json["known"][0]["feels"] is None


def test_an_added_model_is_a_copy_with_its_facts(sidelong: Run, models: Path, coder: Path) -> None:
    assert sidelong("model", "add", coder).status == 0
    model = listed(sidelong("model", "list", "--json"))["coder"]

    assert (models / "coder.gguf").read_bytes() == coder.read_bytes()
    assert names(models) == ["coder.gguf", "coder.json"]
    assert model["source"] == str(coder)
    assert model["size_bytes"] == coder.stat().st_size
    assert model["decides"] is True
    assert model["parameters"] > 1_000_000
    assert len(model["sha256"]) == 64
    assert model["in_use_as"] is None
    assert "coder" in sidelong("model", "list").out


def test_a_model_is_used_by_its_name_alone(
    sidelong: Run, models: Path, coder: Path, workspace: Path
) -> None:
    sidelong("model", "add", coder, "--name", "mine")
    place = f"{workspace / 'drawing.py'}:18:11"
    assert sidelong("complete", place, "--json", "--model", "mine").json["model"] == "mine.gguf"
    refused = sidelong("complete", place, "--model", "other")
    assert "There is no model file at other" in refused.err


def test_use_writes_the_users_config_and_default_takes_it_back(
    sidelong: Run, models: Path, coder: Path, config: Path, workspace: Path
) -> None:
    config.write_text("# mine\nmaxLines = 4\n", encoding="utf-8")
    sidelong("model", "add", coder)

    assert sidelong("model", "use", "coder").status == 0
    place = f"{workspace / 'drawing.py'}:18:11"
    assert sidelong("complete", place, "--json").json["model"] == "coder.gguf"
    assert listed(sidelong("model", "list", "--json"))["coder"]["in_use_as"] == "model"

    assert sidelong("model", "use", "auto").status == 0
    assert config.read_text(encoding="utf-8") == "# mine\nmaxLines = 4\n"


def test_what_was_put_into_the_folder_by_hand_is_a_model_too(
    sidelong: Run, models: Path, coder: Path
) -> None:
    models.mkdir()
    shutil.copy(coder, models / "dropped.gguf")
    assert listed(sidelong("model", "list", "--json"))["dropped"]["decides"] is None
    assert "not checked yet" in sidelong("model", "list").out
    assert sidelong("model", "use", "dropped.gguf").status == 0
    assert listed(sidelong("model", "list", "--json"))["dropped"]["decides"] is True


@pytest.mark.parametrize(
    "facts", ["", "{", "[]", '{"size_bytes": "big"}', '{"size_bytes": 1, "source": "other"}']
)
def test_broken_facts_cost_the_facts_only(
    sidelong: Run, models: Path, coder: Path, facts: str
) -> None:
    sidelong("model", "add", coder)
    (models / "coder.json").write_text(facts, encoding="utf-8")
    assert listed(sidelong("model", "list", "--json"))["coder"]["source"] is None
    assert sidelong("model", "use", "coder").status == 0


def test_what_is_no_model_is_not_taken_in(
    sidelong: Run, models: Path, chatty: Path, coder: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.gguf"
    torn.write_bytes(coder.read_bytes()[:100_000])
    for file, message in (
        (tmp_path / "gone.gguf", "gone.gguf. Give the path of a GGUF file."),
        (Path(__file__), "is not a GGUF model"),
        (torn, "cannot be loaded"),
        (chatty, "has no fill-in-the-middle tokens"),
    ):
        result = sidelong("model", "add", file, "--name", "new")
        assert result.status == 1
        assert message in result.err
        assert result.err.count("\n") == 1
    assert names(models) == []


def test_a_model_that_ends_its_process_is_not_taken_in_and_that_is_said(
    sidelong: Run, models: Path, coder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sidelong.engine.trial._CHILD", "import os; os.abort()")
    result = sidelong("model", "add", coder)
    assert result.status == 1
    assert "coder.gguf ends the process that loads it" in result.err
    assert result.err.count("\n") == 1
    assert names(models) == []


def test_what_answers_no_numbers_is_not_taken_in(sidelong: Run, models: Path, numb: Path) -> None:
    result = sidelong("model", "add", numb)
    assert result.status == 1
    assert "no numbers" in result.err
    assert names(models) == []


def test_a_tokenizer_that_is_too_new_is_not_called_damaged(sidelong: Run, unheard_of: Path) -> None:
    result = sidelong("model", "add", unheard_of)
    assert result.status == 1
    assert "unknown pre-tokenizer" in result.err
    assert "Update llama-cpp-python" in result.err
    assert "damaged" not in result.err


def test_a_tokenizer_that_is_not_named_is_said_by_add_and_use(
    sidelong: Run, models: Path, nameless: Path
) -> None:
    for command in (("add", nameless), ("use", "nameless")):
        result = sidelong("model", *command)
        assert result.status == 0
        assert "tokenizer.ggml.pre" in result.err


def test_a_model_that_has_become_bad_is_not_used(
    sidelong: Run, models: Path, coder: Path, config: Path, chatty: Path
) -> None:
    sidelong("model", "add", coder)
    shutil.copy(chatty, models / "coder.gguf")
    result = sidelong("model", "use", "coder")

    assert result.status == 1
    assert "has no fill-in-the-middle tokens" in result.err
    assert not config.exists()
    assert "cannot be used" in sidelong("model", "list").out


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("coder", "There is a model coder already"),
        ("default", "cannot be a model's name"),
        ("../up", "cannot be a model's name"),
        (".hidden", "cannot be a model's name"),
    ],
)
def test_names_that_cannot_be_are_refused(
    sidelong: Run, models: Path, coder: Path, name: str, message: str
) -> None:
    sidelong("model", "add", coder)
    result = sidelong("model", "add", coder, "--name", name)
    assert result.status == 1
    assert message in result.err
    assert names(models) == ["coder.gguf", "coder.json"]


def test_a_part_of_a_model_is_refused_whatever_it_is_called(
    sidelong: Run, models: Path, coder: Path
) -> None:
    shard = coder.rename(coder.with_name("big-00001-of-00003.gguf"))
    result = sidelong("model", "add", shard, "--name", "big")
    assert result.status == 1
    assert "one of several files" in result.err
    assert names(models) == []


def test_a_name_that_nobody_has_is_told_with_those_there_are(sidelong: Run, coder: Path) -> None:
    assert "none yet" in sidelong("model", "use", "coder").err
    sidelong("model", "add", coder)
    result = sidelong("model", "use", "codr")
    assert result.status == 1
    assert "(coder)" in result.err


def test_what_is_in_use_is_not_removed(
    sidelong: Run, models: Path, coder: Path, config: Path
) -> None:
    sidelong("model", "add", coder)
    sidelong("model", "use", "coder")
    result = sidelong("model", "remove", "coder", "--yes")
    assert result.status == 1
    assert "`sidelong model use auto`" in result.err

    sidelong("model", "use", "auto")
    config.write_text(f"model.policy = '{models / 'coder.gguf'}'\n", encoding="utf-8")
    assert "in use as the policy" in sidelong("model", "remove", "coder", "--yes").err
    assert names(models) == ["coder.gguf", "coder.json"]


@pytest.mark.parametrize(("said", "left"), [("y", []), ("", ["coder.gguf", "coder.json"])])
def test_removing_is_asked_about(
    sidelong: Run, models: Path, coder: Path, said: str, left: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sidelong("model", "add", coder)
    answer(said, monkeypatch)
    assert sidelong("model", "remove", "coder").status == 0
    assert names(models) == left


def test_removing_without_anybody_to_ask_wants_a_yes(
    sidelong: Run, models: Path, coder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    sidelong("model", "add", coder)
    result = sidelong("model", "remove", "coder")
    assert result.status == 1
    assert "--yes" in result.err
    assert sidelong("model", "remove", "coder", "--yes").status == 0
    assert names(models) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links want rights there")
def test_a_link_to_nowhere_is_removed_by_its_name(sidelong: Run, models: Path) -> None:
    models.mkdir()
    (models / "gone.gguf").symlink_to(models / "nowhere.gguf")
    assert "gone" not in listed(sidelong("model", "list", "--json"))
    assert sidelong("model", "remove", "gone", "--yes").status == 0
    assert names(models) == []


def test_without_room_nothing_is_copied(
    sidelong: Run, models: Path, coder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    result = sidelong("model", "add", coder)
    assert result.status == 1
    assert "has 1.0 MB free" in result.err
    assert names(models) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are POSIX's")
def test_a_disk_that_fills_up_leaves_nothing_half(models: Path, coder: Path) -> None:
    limited = (
        "import resource, sys; from sidelong.cli import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)); "
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, "model", "add", str(coder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "could not be copied" in done.stderr
    assert names(models) == []


def test_nothing_but_pull_touches_the_network(coder: Path, workspace: Path) -> None:
    """As the interpreter's own audit sees it, which no library gets around in Python."""
    place = f"{workspace / 'drawing.py'}:18:11"
    commands = [
        ["model", "add", str(coder)],
        ["model", "list"],
        ["model", "use", "coder"],
        ["complete", place, "--json"],
        ["index", str(workspace)],
        ["model", "use", "auto"],
        ["model", "remove", "coder", "--yes"],
    ]
    watched = (
        "import json, sys; from sidelong.cli import main; asked = []\n"
        "sys.addaudithook(lambda event, _: asked.append(event) if event.startswith('socket.')"
        " else None)\n"
        f"statuses = [main(command) for command in {commands!r}]\n"
        "print(json.dumps([statuses, asked, 'huggingface_hub' in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", watched], capture_output=True, text=True, check=True
    )
    statuses, asked, imported = json.loads(done.stdout.splitlines()[-1])
    assert statuses == [0] * len(commands)
    assert asked == []
    assert not imported
