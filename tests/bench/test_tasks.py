"""`python -m bench.tasks`: published tasks, with their repositories and without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run

TARGET = "        grown.append(circle.scaled(factor))"


@pytest.fixture
def repoeval(workspace: Path, tmp_path: Path) -> Path:
    """A task on the workspace, which lies in `tmp_path` under the name `project`."""
    text = (workspace / "drawing.py").read_text(encoding="utf-8")
    task = {
        "prompt": text[: text.index(TARGET)],
        "metadata": {
            "task_id": "project/0",
            "ground_truth": TARGET,
            "fpath_tuple": ["project", "drawing.py"],
            "context_start_lineno": 0,
            "line_no": 6,
        },
    }
    return written(tmp_path / "line.jsonl", task)


def written(file: Path, *tasks: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps(task) + "\n" for task in tasks), encoding="utf-8")
    return file


def crosscodeeval(**more: object) -> dict[str, Any]:
    return {
        "prompt": "from till import Till\n\ntill = Till()\ntill.",
        "groundtruth": "ring(1)",
        "right_context": "\nprint()\n",
        "metadata": {"task_id": "a/0", "repository": "acme", "file": "cart.py"},
        **more,
    }


def test_a_repository_is_looked_into(tasks: Run, repoeval: Path, tmp_path: Path) -> None:
    report = tasks(repoeval, tmp_path, "--json").json

    (trial,) = report["trials"]
    assert (trial["path"], trial["line"], trial["target"]) == ("drawing.py", 7, TARGET)
    chunks = trial["modes"]["always"]["chunks"]
    assert "shapes.py" in {chunk["path"] for chunk in chunks}


def test_without_the_repository_nothing_can_be_retrieved(tasks: Run, repoeval: Path) -> None:
    elsewhere = repoeval.parent / "project"
    (trial,) = tasks(repoeval, elsewhere, "--json").json["trials"]

    assert trial["modes"]["always"]["chunks"] == []
    assert trial["modes"]["always"]["retrieved"] is False


def test_published_chunks_stand_in_for_the_repository(tasks: Run, tmp_path: Path) -> None:
    chunk = "class Till:\n    def ring(self, n):\n        till = Till()\n        print(till)\n"
    context = {"list": [{"retrieved_chunk": chunk, "filename": "till.py", "score": 1.0}]}
    file = written(tmp_path / "t.jsonl", crosscodeeval(crossfile_context=context))
    (trial,) = tasks(file, tmp_path, "--json").json["trials"]

    assert [hit["path"] for hit in trial["modes"]["always"]["chunks"]] == ["till.py"]


def test_so_many_tasks_are_drawn_by_the_seed(tasks: Run, tmp_path: Path) -> None:
    file = written(
        tmp_path / "t.jsonl", *(crosscodeeval(groundtruth=f"ring({i})") for i in range(20))
    )

    def targets(seed: int) -> list[str]:
        report = tasks(file, tmp_path, "-n", 2, "--seed", seed, "--json")
        return [trial["target"] for trial in report.json["trials"]]

    assert targets(1) == targets(1) != targets(2)
    assert len(targets(1)) == 2


def test_people_see_repoevals_own_figure_too(tasks: Run, repoeval: Path, tmp_path: Path) -> None:
    result = tasks(repoeval, tmp_path)

    assert result.status == 0
    assert "as RepoEval counts it: never" in result.out
    assert "line.jsonl with" in result.out


def test_another_file_is_refused(tasks: Run, workspace: Path, tmp_path: Path) -> None:
    result = tasks(workspace / "shapes.py", tmp_path)
    assert result.status == 1
    assert "Line 1 is no task of RepoEval or CrossCodeEval" in result.err

    empty = tasks(written(tmp_path / "empty.jsonl"), tmp_path)
    assert "holds no task" in empty.err


@pytest.mark.parametrize("repository", ["", ".", "..", "/", "../elsewhere"])
def test_a_task_cannot_name_a_folder_outside(tasks: Run, tmp_path: Path, repository: str) -> None:
    for name in ("inside", "elsewhere"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "till.py").write_text("till = Till()\n" * 9, encoding="utf-8")
    metadata = {"task_id": "a/0", "repository": repository, "file": "../elsewhere/till.py"}
    file = written(tmp_path / "t.jsonl", crosscodeeval(metadata=metadata))
    (trial,) = tasks(file, tmp_path / "inside", "--json").json["trials"]

    assert trial["modes"]["always"]["chunks"] == []
