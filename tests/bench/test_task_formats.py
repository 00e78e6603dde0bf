"""Tasks in the published formats, cut to what is read of them."""

from __future__ import annotations

import json

import pytest
from bench.tasks.formats import TasksError, read_tasks

from sidelong.evaluation.blanks import Blank

REPOEVAL = {
    "prompt": "import sys\n\ndef run():\n",
    "metadata": {
        "task_id": "acme_shop/3",
        "ground_truth": "    return sys.argv",
        "fpath_tuple": ["acme_shop", "src", "cart.py"],
        "context_start_lineno": 0,
        "line_no": 3,
    },
}

CROSSCODEEVAL = {
    "prompt": "from till import Till\n\nTill().",
    "groundtruth": "ring(1)",
    "right_context": "\nprint()\n",
    "crossfile_context": {
        "text": "# Here are some relevant code fragments from other files of the repo:\n",
        "list": [
            {"retrieved_chunk": "class Till:", "filename": "till.py", "score": 2.5},
            {"retrieved_chunk": "x = 1", "filename": "other.py", "score": 1.5},
            {"retrieved_chunk": "    def ring(self, n):", "filename": "till.py", "score": 0.5},
        ],
    },
    "metadata": {
        "task_id": "project_cc_python/62",
        "repository": "acme-shop-a544085",
        "file": "src/cart.py",
        "context_start_lineno": 0,
        "groundtruth_start_lineno": 2,
        "right_context_start_lineno": 3,
    },
}


def test_a_task_of_repoeval() -> None:
    (task,) = read_tasks([json.dumps(REPOEVAL), ""])
    assert (task.repository, task.path) == ("acme_shop", "src/cart.py")
    assert (task.target, task.after, task.kind) == ("    return sys.argv", None, "line")
    text, blank = task.alone()
    assert text[blank.start : blank.end] == task.target


def test_its_file_says_what_comes_after() -> None:
    (task,) = read_tasks([json.dumps(REPOEVAL)])
    text = "# licence\n" + task.before + task.target + "\n\nrun()\n"
    blank = task.blank_in(text)
    assert blank == Blank(10 + len(task.before), 10 + len(task.before) + 19, "line")
    assert task.blank_in("something else") is None


def test_a_function_of_repoeval() -> None:
    metadata = {**REPOEVAL["metadata"], "function_name": "run", "lineno": 3}  # type: ignore[dict-item]
    (task,) = read_tasks([json.dumps({**REPOEVAL, "metadata": metadata})])
    assert task.kind == "body"


def test_a_task_of_crosscodeeval() -> None:
    (task,) = read_tasks([json.dumps(CROSSCODEEVAL)])
    assert (task.repository, task.path) == ("acme-shop-a544085", "src/cart.py")
    assert task.alone() == (
        "from till import Till\n\nTill().ring(1)\nprint()\n",
        Blank(30, 37, "line"),
    )
    assert task.files == [("till.py", "class Till:\n    def ring(self, n):"), ("other.py", "x = 1")]


def test_its_plain_setting_has_no_chunks() -> None:
    plain = {key: value for key, value in CROSSCODEEVAL.items() if key != "crossfile_context"}
    assert read_tasks([json.dumps(plain)])[0].files == []


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[]",
        "{}",
        '{"metadata": {}}',
        json.dumps({**CROSSCODEEVAL, "groundtruth": " "}),
    ],
)
def test_another_line_is_named(line: str) -> None:
    with pytest.raises(TasksError, match=r"Line 2 is no task of RepoEval or CrossCodeEval"):
        read_tasks([json.dumps(REPOEVAL), line])
