"""The demo replaces only its own, and holds verdicts against the truth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matcher.demo import DemoSet
from matcher.demo_run import clear, results
from matcher.errors import UsageError
from matcher.records import VerdictKind


def test_an_empty_or_new_folder_becomes_a_demos(tmp_path: Path) -> None:
    clear(tmp_path)
    clear(tmp_path / "new")
    assert (tmp_path / "new" / "demo.json").exists()


def test_a_former_demo_is_replaced_and_what_lies_beside_it_stays(tmp_path: Path) -> None:
    clear(tmp_path)
    for name in ("set/a.csv", "workspace/matcher.db", "scan/report.html", "mine/notes.txt", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    clear(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.json", "mine", "notes.txt"]


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scan").mkdir()
    (tmp_path / "scan" / "verdicts.jsonl").write_text("x")
    with pytest.raises(UsageError, match="holds no demo"):
        clear(tmp_path)
    with pytest.raises(UsageError, match="is a file"):
        clear(tmp_path / "scan" / "verdicts.jsonl")
    assert (tmp_path / "scan" / "verdicts.jsonl").exists()


def test_a_link_in_a_former_demos_place_is_not_followed(tmp_path: Path) -> None:
    clear(tmp_path / "demo")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("x")
    (tmp_path / "demo" / "set").symlink_to(tmp_path / "mine")
    with pytest.raises(UsageError, match="is a link"):
        clear(tmp_path / "demo")
    assert (tmp_path / "mine" / "a.txt").exists()


def test_each_kind_is_counted_against_the_truth(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("listing_id,verdict,kind\nA,counterfeit,stolen\nB,clear,resale\nC,clear,resale\n")
    said = {"A": "counterfeit", "B": "clear", "C": "review"}
    lines = [json.dumps({"listing_id": key, "verdict": verdict}) for key, verdict in said.items()]
    (tmp_path / "verdicts.jsonl").write_text("\n".join(lines) + "\n")
    resale, stolen = results(DemoSet(tmp_path, (), tmp_path, tmp_path, truth), tmp_path / "verdicts.jsonl")
    assert (resale.kind, resale.right, resale.listings, resale.got[VerdictKind.REVIEW]) == ("resale", 1, 2, 1)
    assert (stolen.kind, stolen.right, stolen.listings) == ("stolen", 1, 1)
