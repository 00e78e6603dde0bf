"""The short form of each measurement of speed: it works, and its counts are what they say."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import bench.busy
import bench.child
import bench.decoded
import bench.documents
import bench.keystrokes
import bench.memory
import bench.overhead
import bench.peer.__main__
import bench.replay
import bench.selective
import bench.windows
import pytest
from bench.peer.build import NotBuilt, server

from sidelong.paths import nano_model

Measure: TypeAlias = Callable[[Callable[[Sequence[str]], None]], dict[str, Any]]


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    """Run a program in short with the small model; the records that it leaves, by name."""

    def run(program: Callable[[Sequence[str]], None]) -> dict[str, Any]:
        file = tmp_path / "results.json"
        program([str(nano_model()), "--short", "--results", str(file)])
        return {record["name"]: record for record in json.loads(file.read_text("utf-8"))}

    return run


def test_a_result_names_its_command_and_its_other_side(measure: Measure) -> None:
    measure(bench.documents.main)
    records = measure(bench.decoded.main)

    record = records["decoded_over_shown"]
    assert record["command"] == "python -m bench.decoded nano.gguf --short"
    assert (record["unit"], record["relative_to"]) == ("x", "tokens shown")
    assert "switch_back_tokens" in records, "the results of other programs stay"


def test_a_key_after_retrieval_evaluates_what_was_typed_and_four_tokens(measure: Measure) -> None:
    counts = measure(bench.keystrokes.main)["keystroke_tokens_retrieved"]["counts"]

    assert counts["keys"] > 10
    assert counts["within_typed_and_4"] == counts["keys"]


def test_going_back_evaluates_the_last_line_and_reading_ahead_all_the_rest(
    measure: Measure,
) -> None:
    records = measure(bench.documents.main)

    back, opened = records["switch_back_tokens"], records["first_after_open"]["counts"]
    assert back["counts"]["most"] <= back["counts"]["last_line"] + 4
    assert opened["evaluated_ahead"] <= 4
    assert opened["evaluated_without"] > 100


def test_every_decoded_token_is_shown_or_has_a_cause(measure: Measure) -> None:
    counts = measure(bench.decoded.main)["decoded_over_shown"]["counts"]

    lost = sum(n for name, n in counts.items() if name.startswith("lost_"))
    assert counts["shown"] > 0
    assert counts["shown"] + lost == counts["decoded"]


def test_llama_cpp_alone_makes_every_pass_of_the_engine(measure: Measure) -> None:
    record = measure(bench.overhead.main)["overhead_p50"]

    assert record["counts"]["passes"] > record["counts"]["requests"]
    assert record["counts"]["tokens"] > 100 * record["counts"]["requests"]


def test_a_server_with_its_model_is_weighed(measure: Measure) -> None:
    records = measure(bench.memory.main)

    idle = records["rss_over_file"]["counts"]
    assert idle["rss_mb"] > idle["file_mb"]
    freed = records["unloaded_over_loaded"]["counts"]
    assert freed["unloaded_mb"] < freed["loaded_mb"]


def test_the_worth_of_a_window_is_told_against_the_models_own(measure: Measure) -> None:
    records = measure(bench.windows.main)

    own, small = records["window_own_es"], records["window_256_96_448_es"]
    assert own["counts"]["blanks"] == small["counts"]["blanks"] == 3
    assert own["counts"]["difference"] == 0
    assert small["counts"]["tokens_read"] > 0


def test_selective_retrieval_is_paid_for_beside_always_retrieving(measure: Measure) -> None:
    records = measure(bench.selective.main)

    tokens = records["selective_over_always_tokens"]["counts"]
    assert tokens["blanks"] == 6
    assert tokens["always"] == tokens["never"] > 0, "nano reads no chunks"
    assert records["selective_over_always_wall"]["value"] > 0
    assert records["selective_minus_always_es"]["value"] == 0, "it retrieves everywhere"


def test_each_way_of_waiting_is_run_idle_and_beside_busy_loops(measure: Measure) -> None:
    records = measure(bench.busy.main)

    assert {"busy_over_idle", "busy_over_idle_passive", "busy_over_idle_brief"} <= set(records)
    assert all(record["counts"]["rounds"] == 1 for record in records.values())
    assert records["busy_over_idle_brief"]["counts"]["threads_while_busy"] == bench.busy.THREADS


def test_keys_reach_a_real_server_and_are_tallied_by_their_kind(
    measure: Measure, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = measure(bench.replay.main)["replay_tokens_typing"]["counts"]

    assert counts["keys"] > 10
    assert "switch   sidelong" in capsys.readouterr().out


def test_both_sides_answer_every_key(measure: Measure, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        server(build=False)
    except NotBuilt as error:
        pytest.skip(str(error))
    records = measure(bench.peer.__main__.main)

    counts = records["peer_tokens_typing"]["counts"]
    assert counts["theirs_read"] > 0
    out = capsys.readouterr().out
    assert "type     sidelong" in out
    assert "type     llama.vim" in out


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_child_for_the_model_has_a_cost(measure: Measure) -> None:
    records = measure(bench.child.main)
    assert records["child_way"]["counts"]["characters"] > 10_000
    assert 0 < records["child_memory"]["value"] < 200
