"""`sidelong doctor`: every check has a fact, every problem a remedy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.unreadable import as_any_user

from sidelong import engine
from sidelong.cli.checks.llama import features
from sidelong.engine import Speed, trial
from sidelong.paths import default_model, nano_model
from sidelong.settings import UserSettings
from sidelong.shipped import keep_speed

if TYPE_CHECKING:
    from tests.cli.conftest import Result, Run


FATAL = """
import json, os
loads = json.loads
def read(text):
    if b"fatal" in text:
        os.abort()
    return loads(text)
json.loads = read
"""
"""The beginning of a process that one of the models ends."""


def check(result: Result, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [c for c in result.json["checks"] if c["name"] == name]
    assert len(found) == 1, result.out
    return found[0]


def test_a_healthy_installation_is_all_there(sidelong: Run) -> None:
    result = sidelong("doctor", "--json")

    assert result.status == 0, result.out
    assert result.json["ok"] is True
    assert [c["name"] for c in result.json["checks"]] == [
        "python",
        "processors",
        "memory",
        "llama.cpp",
        "gpu",
        "model",
        "special tokens",
        "decision",
        "self-test",
        "speed",
        "window",
        "cache folder",
        "config file",
        "workspace",
        "watcher",
    ]
    for found in result.json["checks"]:
        assert set(found) == {"name", "state", "fact", "remedy", "details"}
        assert found["fact"]
        assert bool(found["remedy"]) == (found["state"] != "ok"), found
    tokens = check(result, "special tokens")["details"]
    assert tokens["decides"] is True
    assert {"fim_prefix", "fim_middle", "fim_suffix", "eof", "cc"} <= set(tokens["tokens"])
    assert check(result, "self-test")["details"]["tokens"]["evaluated"] > 0


def test_people_get_a_line_for_each_check(sidelong: Run) -> None:
    result = sidelong("doctor")
    assert result.status == 0
    assert "self-test" in result.out
    assert "broken" not in result.out


def test_a_broken_model_breaks_it_and_the_other_checks_go_on(sidelong: Run, tmp_path: Path) -> None:
    torn = tmp_path / "torn.gguf"
    torn.write_bytes(b"GGUF\x03\x00\x00\x00 and no more")

    result = sidelong("doctor", "--json", "--model", torn)

    assert result.status == 1
    assert result.json["ok"] is False
    model = check(result, "model")
    assert (model["state"], model["details"]["path"]) == ("broken", str(torn))
    assert str(torn) in model["fact"]
    assert "damaged" in model["remedy"]
    assert check(result, "self-test")["state"] == "broken"
    assert check(result, "cache folder")["state"] == "ok"


def test_weights_that_are_no_numbers_are_found_by_the_self_test(sidelong: Run, numb: Path) -> None:
    result = sidelong("doctor", "--json", "--model", numb)

    assert result.status == 1
    model = check(result, "model")
    assert model["state"] == "broken"
    assert "no numbers" in model["fact"]
    assert check(result, "self-test")["state"] == "broken"


def test_a_model_that_ends_its_process_is_named_and_the_shipped_one_clears_llama_cpp(
    sidelong: Run, tmp_path: Path, default_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fatal = Path(shutil.copy(default_model, tmp_path / "fatal.gguf"))
    monkeypatch.setattr(trial, "_CHILD", FATAL + trial._CHILD)

    result = sidelong("doctor", "--json", "--model", fatal)

    assert result.status == 1
    assert "fatal.gguf ends the process" in check(result, "model")["fact"]
    assert "fetch it again" in check(result, "model")["remedy"]
    assert check(result, "llama.cpp")["state"] == "ok"


def test_llama_cpp_that_ends_every_process_is_not_loaded_in_this_one(
    sidelong: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_CHILD", "import os; os.abort()")

    result = sidelong("doctor", "--json")

    assert result.status == 1
    assert "Build it on this machine" in check(result, "self-test")["remedy"]
    assert {"llama.cpp", "model"}.isdisjoint(c["name"] for c in result.json["checks"])


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with names are POSIX's")
def test_a_disk_that_does_not_answer_is_not_waited_for(
    sidelong: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "stalled.gguf")
    monkeypatch.setattr("sidelong.cli.checks.model.TRIAL_S", 1.0)

    result = sidelong("doctor", "--json", "--model", tmp_path / "stalled.gguf")

    assert result.status == 1
    assert "took more than 1 s" in check(result, "model")["fact"]
    assert "faster disk" in check(result, "model")["remedy"]


def test_a_tokenizer_that_is_not_named_is_a_note(sidelong: Run, nameless: Path) -> None:
    result = sidelong("doctor", "--json", "--model", nameless)

    assert result.status == 0
    assert check(result, "model")["state"] == "note"
    assert "tokenizer.ggml.pre" in check(result, "model")["remedy"]


def test_so_is_that_of_a_policy(sidelong: Run, nameless: Path, default_model: Path) -> None:
    result = sidelong("doctor", "--json", "--model", default_model, "--policy", nameless)

    assert check(result, "decision")["state"] == "note"
    assert "tokenizer.ggml.pre" in check(result, "decision")["remedy"]


def test_a_missing_model_says_how_to_get_one(sidelong: Run, tmp_path: Path) -> None:
    result = sidelong("doctor", "--model", tmp_path / "gone.gguf")
    assert result.status == 1
    assert "There is no model file" in result.out
    assert "sidelong.model.path" in result.out


def test_problems_of_the_config_file_are_notes(
    sidelong: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text("thread = 2\nmaxLines = 'many'\n", encoding="utf-8")
    monkeypatch.setenv("SIDELONG_CONFIG", str(config))

    result = sidelong("doctor", "--json")

    found = check(result, "config file")
    assert result.status == 0
    assert found["state"] == "note"
    assert len(found["details"]["problems"]) == 2
    assert str(config) in found["remedy"]


def test_a_cache_folder_that_cannot_be_written_is_broken(
    sidelong: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SIDELONG_CACHE_DIR", str(tmp_path / "file"))

    result = sidelong("doctor", "--json")

    assert result.status == 1
    assert check(result, "cache folder")["state"] == "broken"
    assert "SIDELONG_CACHE_DIR" in check(result, "cache folder")["remedy"]


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("unshare") is None, reason="needs a limit of its own"
)
def test_folders_that_cannot_be_watched_are_counted_with_the_remedy(tmp_path: Path) -> None:
    for i in range(40):
        (tmp_path / "workspace" / str(i)).mkdir(parents=True)
    script = 'echo 20 > /proc/sys/user/max_inotify_watches && exec "$@"'
    doctor = [sys.executable, "-m", "sidelong", "doctor", "--json", "--model", "gone.gguf"]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh", *doctor],
        cwd=tmp_path / "workspace",
        capture_output=True,
        text=True,
        check=False,
    )
    if "max_inotify_watches" in done.stderr or "unshare" in done.stderr:
        pytest.skip("user namespaces cannot have a limit of their own here")

    (found,) = (c for c in json.loads(done.stdout)["checks"] if c["name"] == "watcher")

    assert found["state"] == "note"
    assert "26 of 41 folders are not watched" in found["fact"]
    assert "sudo sysctl fs.inotify.max_user_watches" in found["remedy"]
    assert (found["details"]["folders"], found["details"]["watched"]) == (41, 15)


def doctor_in(folder: Path) -> dict[str, Any]:
    """The finding about a folder, of a doctor that file modes hold for."""
    arguments = ("-m", "sidelong", "doctor", "--json", "--model", "gone.gguf")
    command = [sys.executable, *as_any_user(*arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    (found,) = (c for c in json.loads(done.stdout)["checks"] if c["name"] == "workspace")
    assert isinstance(found, dict)
    return found


def test_a_folder_that_cannot_be_read_is_a_note_with_the_remedy(tmp_path: Path) -> None:
    tmp_path.chmod(0o300)
    try:
        found = doctor_in(tmp_path)
    finally:
        tmp_path.chmod(0o700)
    assert found["state"] == "note"
    assert found["fact"] == f"{tmp_path} cannot be read: Permission denied"
    assert "Make it readable" in found["remedy"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs sparse files")
def test_a_folder_that_is_larger_than_the_index_is_a_note_with_the_remedy(tmp_path: Path) -> None:
    for i in range(401):
        with (tmp_path / f"{i}.txt").open("wb") as sparse:
            sparse.truncate(1024 * 1024)
    found = doctor_in(tmp_path)
    assert found["state"] == "note"
    assert "more than the index takes: 400 files of 419 MB" in found["fact"]
    assert "`exclude`" in found["remedy"]


def test_files_that_are_too_large_to_index_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("width = 1\n")
    (tmp_path / "big.py").write_text("width = 1\n" * 200_000)
    found = doctor_in(tmp_path)
    assert found["state"] == "ok"
    assert found["fact"] == f"{tmp_path}, files to index: 1 (10 bytes), too large: 1"


def test_features_are_those_that_llama_cpp_sets_to_one() -> None:
    info = "CPU : SSE3 = 1 | AVX512 = 0 | AVX2 = 1 | REPACK = 1 | "
    assert features(info) == ["SSE3", "AVX2", "REPACK"]


def test_the_speed_of_the_machine_chooses_the_shipped_model(sidelong: Run) -> None:
    finding = check(sidelong("doctor", "--json"), "speed")
    assert (finding["state"], finding["details"]["suits"]) == ("note", False)
    assert "the small model completes" in finding["fact"]
    keep_speed(Speed(prefill=400, decode=60))
    result = sidelong("doctor", "--json")
    assert check(result, "speed")["state"] == "ok"
    assert check(result, "model")["details"]["path"] == str(default_model())


def test_the_window_is_told_with_its_reason(sidelong: Run, tmp_path: Path) -> None:
    finding = check(sidelong("doctor", "--json"), "window")
    assert (finding["state"], finding["details"]["reason"]) == ("ok", "the model's own")
    wide = tmp_path / "wide.gguf"
    wide.write_bytes(nano_model().read_bytes().replace(b"suffix_tokens", b"suffix_tokenz"))
    engine.keep_speed(wide, UserSettings(), Speed(prefill=50, decode=50))
    finding = check(sidelong("doctor", "--json", "--model", wide), "window")
    assert (finding["state"], finding["details"]["suffix"]) == ("note", 128)
    assert "this machine reads 50 a second" in finding["fact"]
    assert "sidelong doctor --measure" in finding["remedy"]
    # Really measured, on a machine that is slow or fast; not the speed that was kept.
    result = sidelong("doctor", "--json", "--measure", "--model", wide)
    assert "reads 50 a second" not in check(result, "window")["fact"]


def test_a_verdict_is_measured_again_by_hand(
    sidelong: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = check(sidelong("doctor", "--json"), "speed")
    assert "sidelong doctor --measure" in slow["remedy"]
    monkeypatch.setattr("sidelong.paths.default_model", nano_model)
    keep_speed(Speed(prefill=1, decode=1))
    measured = check(sidelong("doctor", "--json", "--measure"), "speed")
    assert measured["details"]["prefill"] > 1
