"""The reports on three real packages that no model was trained on, in a short form.

The long form is `bench/held_out.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pytest
from bench.held_out import PACKAGES
from training.corpus import read_manifest

from sidelong.cli import main
from sidelong.evaluation.run import MODES
from sidelong.evaluation.sampling import KINDS

MANIFEST = Path(__file__).parents[2] / "training" / "corpus.toml"
N = 24


def folder(package: str) -> Path:
    return Path(str(resources.files(PACKAGES[package])))


def digest(root: Path) -> str:
    """Of every path below a folder, its size, time and bytes; what Python compiles set aside."""
    hashed = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            hashed.update(f"{path} {path.stat().st_mtime_ns}".encode())
            hashed.update(path.read_bytes())
    return hashed.hexdigest()


def test_no_model_was_trained_on_them() -> None:
    splits = {p.name: (p.split, p.version) for p in read_manifest(MANIFEST)}
    assert {splits[name] for name in PACKAGES} == {
        ("held_out", metadata.version(name)) for name in PACKAGES
    }


class Page(HTMLParser):
    """The addresses that a page would load, its headings, and the number of its pictures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.pictures = 0
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        self.pictures += tag == "svg"
        if tag in ("script", "link", "img", "iframe"):
            self.loads.append(tag)
        self.loads += [f"{name}={value}" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("package", PACKAGES)
def test_the_report_of_a_held_out_package_holds_together(
    package: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root, report = folder(package), tmp_path / "report.html"
    before = digest(root)

    assert main(["eval", str(root), "-n", str(N), "--report", str(report), "--json"]) == 0

    assert digest(root) == before
    found = json.loads(capfd.readouterr().out)
    check_rows(found)
    check_shares(found)
    check_trials(found)
    check_page(report.read_text(encoding="utf-8"))


def check_rows(found: Mapping[str, Any]) -> None:
    rows = {(row["mode"], row["kind"]): row for row in found["rows"]}
    assert set(rows) == {(mode, kind) for mode in MODES for kind in ("all", *KINDS)}
    for row in rows.values():
        for score in ("exact", "edit_similarity", "repoeval_similarity", "first_line",
                      "identifiers_exact", "identifiers_f1"):  # fmt: skip
            assert 0 <= row[score]["low"] <= row[score]["mean"] <= row[score]["high"] <= 1
        cost = row["cost"]
        assert 0 < cost["ms"]["low"] <= cost["ms"]["mean"] <= cost["ms"]["high"]
        assert 0 < cost["ms_median"] <= cost["ms_p90"]
        assert cost["evaluated"] > 0
    for mode in MODES:
        assert sum(rows[mode, kind]["n"] for kind in KINDS) == rows[mode, "all"]["n"] == N
    assert rows["never", "all"]["retrieved"] == 0
    assert rows["always", "all"]["retrieved"] > 0.8  # now and then nothing is found


def check_shares(found: Mapping[str, Any]) -> None:
    oracle = found["benefits"][0]["oracle"]
    for benefit in found["benefits"]:
        parts = benefit["helps"] + benefit["nothing"] + benefit["hurts"]
        assert parts == pytest.approx(1, abs=1e-5)
    for row in found["rows"]:
        if row["kind"] == "all":
            assert row["edit_similarity"]["mean"] <= oracle + 1e-5
    gating = found["gating"]
    assert sum(part["n"] for part in gating["bins"]) == N
    for judged, abstained in zip(gating["judged"], gating["abstentions"], strict=True):
        assert abstained["n"] == round(N * (1 - judged["retrieved"]))
        if abstained["n"]:
            parts = abstained["right"] + abstained["hopeless"] + abstained["missed"]
            assert parts == pytest.approx(1, abs=1e-5)
    rates = [point["retrieved"] for point in gating["sweep"]]
    assert rates == sorted(rates, reverse=True)
    assert (rates[0], rates[-1]) == (1, 0)


def check_trials(found: Mapping[str, Any]) -> None:
    assert not found["partial"]
    assert {trial["kind"] for trial in found["trials"]} == set(KINDS)
    means = {
        mode: sum(trial["modes"][mode]["edit_similarity"] for trial in found["trials"]) / N
        for mode in MODES
    }
    said = {r["mode"]: r["edit_similarity"]["mean"] for r in found["rows"] if r["kind"] == "all"}
    assert means == pytest.approx(said, abs=1e-4)
    for trial in found["trials"]:
        decided = trial["modes"]["threshold"]
        other = trial["modes"]["always" if decided["retrieved"] else "never"]
        assert decided["text"] == other["text"]


def check_page(html: str) -> None:
    page = Page(html)
    assert page.open == []
    assert page.loads == []
    assert page.pictures >= 3
    assert "url(" not in html[: html.index("</style>")]
    assert not re.search(r"\bNone\b|\bnan\b", re.sub(r"<pre.*?</pre>", "", html, flags=re.DOTALL))
