"""Where an id stands twice in a scan, what a person says is of the listing they mean, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matcher.catalog import commit_chunk, iterate_judged, start_scan
from matcher.labels import labelled_scan
from matcher.workspace import Workspace
from tests.matcher.labels.made import judged
from tests.matcher.labels.test_labels import confirmed, house, run, template, written

__all__ = ["house", "template"]
REPEATED = ("D-1", "D-1", "D-2", "D-2")


@pytest.fixture
def again(house: Path) -> dict[str, list[int]]:
    """Listings of one id in scan 2, by row: of D-1 the first is not clear, of D-2 both are not."""
    with Workspace.open(house) as workspace, workspace.database.write() as connection:
        made = [
            judged(workspace, name, number) for name, number in zip(REPEATED, (51, 52, 53, 55), strict=True)
        ]
        scan_id = start_scan(
            connection, out="tuesday", manifest="m", manifest_fingerprint="f", snapshot=1, settings={}
        )
        commit_chunk(connection, scan_id, 0, made, [], len(made))
        rows = [one.listing_row for one in iterate_judged(connection, scan_id)]
    return {"D-1": rows[:2], "D-2": rows[2:]}


def test_an_answer_goes_to_the_listing_that_is_not_clear(house: Path, again: dict[str, list[int]]) -> None:
    flagged, clear = again["D-1"]
    assert run(house, "review", "answer", 2, "D-1", "confirm").stdout.startswith(
        f"D-1 (row {flagged}): confirm"
    )
    assert confirmed(house) == [f"confirmed-{flagged}"]
    assert run(house, "review", "answer", 2, "D-1", "reject", "--row", clear).exit_code == 0
    assert confirmed(house) == [f"confirmed-{flagged}"]


def test_an_answer_that_may_be_of_either_is_refused(house: Path, again: dict[str, list[int]]) -> None:
    first, last = again["D-2"]
    refused = run(house, "review", "answer", 2, "D-2", "confirm")
    assert (refused.exit_code, confirmed(house)) == (2, [])
    assert f"row {first} (" in refused.stderr
    assert f"row {last} (" in refused.stderr
    assert "--row" in refused.stderr
    other = run(house, "review", "answer", 2, "D-2", "confirm", "--row", again["D-1"][0])
    assert (other.exit_code, "no listing 'D-2' in row" in other.stderr) == (2, True)
    waiting = json.loads(run(house, "review", "list", "--scan", 2, "--json").stdout)
    assert [one["row"] for one in waiting] == [again["D-1"][0], first, last]
    assert run(house, "review", "answer", 2, "D-2", "confirm", "--row", first).exit_code == 0
    assert confirmed(house) == [f"confirmed-{first}"]


@pytest.mark.parametrize("scan", [(), ("--scan", 2)])
def test_a_table_says_which_of_several_it_means(
    house: Path, tmp_path: Path, again: dict[str, list[int]], scan: tuple[object, ...]
) -> None:
    flagged, clear = again["D-1"]
    table = written(
        tmp_path / "answers.csv",
        "listing_id,answer,row",
        "D-1,confirm,",
        f"D-1,confirm,{flagged}",
        f"D-1,reject,{clear}",
        f"D-2,confirm,{clear}",
        "D-2,confirm,first",
        f"D-2,confirm,{10**17}",
    )
    told = json.loads(run(house, "review", "import", table, "--json", *scan).stdout)
    assert (told["added"], [one["line"] for one in told["failures"]]) == (2, [2, 5, 6, 7])
    assert f"row {flagged} (" in told["failures"][0]["reason"]
    assert confirmed(house) == [f"confirmed-{flagged}"]


def test_a_label_that_may_be_of_either_is_not_learnt_from(template: Path, tmp_path: Path) -> None:
    scan = tmp_path / "scan"
    scan.mkdir()
    lines = (template / "monday" / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    written(scan / "verdicts.jsonl", *lines, lines[3])
    found = labelled_scan(written(tmp_path / "labels.csv", "listing_id,label", "L-3,fake", "L-5,fake"), scan)
    assert [one.verdict.listing_id for one in found.labelled] == ["L-5"]
    assert [(one.line, one.listing_id) for one in found.failed] == [(2, "L-3")]
    assert found.unknown == []
