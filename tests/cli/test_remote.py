"""A remote model on the command line: completing with it, and what `doctor` says of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sidelong.engine.remote.endpoint import TOKEN

if TYPE_CHECKING:
    from tests.cli.conftest import Run

Remote = Any
CODE = "def area(width, height):\n    return ()\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text(CODE)
    return path


def configure(url: str, *, format_: str = "qwen2.5-coder") -> None:
    lines = [f"model.remote = {json.dumps(url)}", f"model.remoteFormat = {json.dumps(format_)}"]
    Path(os.environ["SIDELONG_CONFIG"]).write_text("\n".join(lines), encoding="utf-8")


def finding(found: dict[str, Any], name: str) -> dict[str, Any]:
    (check,) = [check for check in found["checks"] if check["name"] == name]
    return dict(check)


def test_complete_asks_it_and_says_what_left(sidelong: Run, remote: Remote, file: Path) -> None:
    remote.writes("width * height")
    configure(remote.url)
    result = sidelong("complete", f"{file}:2:13", "--root", file.parent)
    assert "return (width * height)" in result.out
    assert f"by {remote.host}" in result.out.replace("\n", " ")
    assert "characters sent" in result.out.replace("\n", " ")


def test_a_model_named_on_the_command_line_writes_itself(
    sidelong: Run, remote: Remote, file: Path
) -> None:
    remote.writes("width * height")
    configure(remote.url)
    result = sidelong(
        "complete", f"{file}:2:13", "--root", file.parent, "--model", "nano", "--json"
    )
    assert result.json["remote"] is None
    assert remote.requests == []


def test_doctor_measures_it_with_lines_of_its_own(sidelong: Run, remote: Remote) -> None:
    remote.writes(" first + second")
    configure(remote.url)
    found = finding(sidelong("doctor", "--json").json, "remote")
    assert found["state"] == "ok"
    assert (
        "at most 3,072 characters before the cursor and 1,536 after it, with secrets masked, and "
        "where the decision is to use other files at most 3,072 characters of these"
    ) in found["fact"]
    assert found["details"]["characters"] == {"prefix": 3072, "suffix": 1536, "context": 3072}
    assert len(found["details"]["timings"]) == 2
    assert found["details"]["token"] is False
    assert len(remote.requests) == 2
    assert all("def add(first, second)" in sent["prompt"] for sent in remote.requests)


def test_doctor_says_what_the_budgets_let_leave(sidelong: Run, remote: Remote) -> None:
    remote.writes(" first + second")
    configure(remote.url)
    with Path(os.environ["SIDELONG_CONFIG"]).open("a", encoding="utf-8") as config:
        config.write("\nbudget.prefix = 100\nbudget.context = 100000\n")
    found = finding(sidelong("doctor", "--json").json, "remote")
    assert found["details"]["characters"] == {"prefix": 300, "suffix": 1536, "context": 24_000}


def test_doctor_says_why_it_fails_and_which_models_the_server_has(
    sidelong: Run, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "a-very-secret-token")
    remote.does(404, b'{"error": {"message": "The model does not exist."}}')
    configure(remote.url)
    result = sidelong("doctor", "--json")
    found = finding(result.json, "remote")
    assert result.status == 1
    assert found["state"] == "broken"
    assert 'It says: "The model does not exist."' in found["fact"]
    assert found["remedy"].endswith("a model that the server knows: qwen-big.")
    assert "a-very-secret-token" not in result.out


@pytest.mark.parametrize(
    ("status", "format_", "remedy"),
    [
        (401, "qwen2.5-coder", "SIDELONG_REMOTE_TOKEN"),
        (404, "infill", "Only llama-server has /infill"),
        (501, "infill", "trained to fill in the middle"),
        (400, "infill", "Start the server or correct sidelong.model.remote"),
    ],
)
def test_the_doctors_remedy_fits_the_refusal(
    sidelong: Run, remote: Remote, status: int, format_: str, remedy: str
) -> None:
    remote.does(status)
    configure(remote.url, format_=format_)
    assert remedy in finding(sidelong("doctor", "--json").json, "remote")["remedy"]


def test_doctor_names_an_address_that_must_not_be_used(
    sidelong: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "a-token")
    configure("http://gpu.invalid:8000/v1")
    result = sidelong("doctor", "--json")
    assert (
        "everybody on the way could read the token" in finding(result.json, "config file")["fact"]
    )
    assert "remote" not in [check["name"] for check in result.json["checks"]]
