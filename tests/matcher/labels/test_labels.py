"""Labels enter as tables and answers, and leave as a set that a policy can be tuned on anywhere."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from matcher.cells import restored_cell
from matcher.cli import app
from matcher.errors import ManifestError, UsageError
from matcher.labels import import_answers, labelled_folder, labelled_scan, read_truth, read_verdicts
from matcher.labels.near_photos import clustered
from matcher.manifests import read_listings, read_references
from matcher.records import VerdictKind
from matcher.workspace import Workspace
from tests.matcher.labels.made import FORMULA, LISTINGS, answer, make, truth


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labels")
    make(folder)
    return folder


@pytest.fixture
def house(template: Path, tmp_path: Path) -> Path:
    """A workspace whose scan nobody has reviewed yet."""
    shutil.copytree(template / "workspace", tmp_path / "workspace")
    return tmp_path / "workspace"


@pytest.fixture
def reviewed(house: Path) -> Path:
    answer(house, truth())
    return house


def run(workspace: Path, *words: object) -> Any:
    return CliRunner().invoke(app, ["--workspace", str(workspace), *map(str, words)])


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# Tables


def test_labels_are_read_in_many_words_and_bad_rows_are_told(tmp_path: Path) -> None:
    table = written(
        tmp_path / "labels.csv",
        "listing_id,label",
        "a,fake",
        "b,Genuine",
        "c,CONFIRM",
        "d,0",
        "e,review",
        "f,unsure",
        "g,",
        "h,perhaps",
        "a,genuine",
        ",fake",
        "b,clear",
    )
    rows, failed = read_truth(table)
    kinds = {row.listing_id: row.truth.value for row in rows}
    assert kinds == {"a": "counterfeit", "b": "clear", "c": "counterfeit", "d": "clear", "e": "review"}
    assert [(one.line, one.listing_id) for one in failed] == [(9, "h"), (10, "a"), (11, "")]
    assert "line 2 says counterfeit" in failed[1].reason


def test_labels_are_read_from_parquet(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.table({"listing_id": ["a", "b"], "label": [1, 0], "seller": ["x|y", ""]})
    parquet.write_table(table, tmp_path / "labels.parquet")
    rows, failed = read_truth(tmp_path / "labels.parquet")
    assert [(row.listing_id, row.truth.value) for row in rows] == [("a", "counterfeit"), ("b", "clear")]
    assert rows[0].keys == {"seller:x", "seller:y"}
    assert not failed
    odd = pyarrow.table({"listing_id": ["a"], "label": [[1, 2]]})
    parquet.write_table(odd, tmp_path / "odd.parquet")
    with pytest.raises(ManifestError, match="texts are expected"):
        read_truth(tmp_path / "odd.parquet")


def test_a_table_without_the_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no column label or truth"):
        read_truth(written(tmp_path / "labels.csv", "listing_id,colour", "a,red"))


def test_verdicts_come_back_and_a_damaged_line_is_named(template: Path, tmp_path: Path) -> None:
    found = list(read_verdicts(template / "monday"))
    assert len(found) == LISTINGS
    assert {one.verdict for one in found} >= {VerdictKind.CLEAR, VerdictKind.COUNTERFEIT}
    lines = (template / "monday" / "verdicts.jsonl").read_text().splitlines()
    broken = written(tmp_path / "verdicts.jsonl", *lines[:3], lines[3][:40])
    with pytest.raises(ManifestError, match="jsonl:4: is no verdict"):
        list(read_verdicts(broken))
    with pytest.raises(ManifestError, match="name a scan's folder"):
        list(read_verdicts(tmp_path / "nowhere"))


def test_labels_and_a_scan_without_a_listing_in_common_are_refused(template: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no listing in common"):
        labelled_scan(written(tmp_path / "labels.csv", "listing_id,label", "x,fake"), template / "monday")


def test_an_id_made_safe_for_a_spreadsheet_is_still_found(template: Path, tmp_path: Path) -> None:
    table = written(
        tmp_path / "labels.csv", "listing_id,label", f"'{FORMULA},fake", "L-2,genuine", "L-99,fake"
    )
    found = labelled_scan(table, template / "monday")
    assert [one.listing_id for one in found.labelled] == [FORMULA, "L-2"]
    assert found.unknown == ["L-99"]


def test_a_scan_cannot_confirm_itself(tmp_path: Path) -> None:
    own = written(
        tmp_path / "verdicts.csv", "listing_id,verdict,policy,snapshot", "a,counterfeit,default@1,4"
    )
    with pytest.raises(ManifestError, match="own verdicts"):
        read_truth(own)
    head = "listing_id,verdict,policy,snapshot,label"
    looked_at = written(tmp_path / "verdicts.csv", head, "a,counterfeit,d,4,genuine", "b,counterfeit,d,4,")
    assert [(one.listing_id, one.truth.value) for one in read_truth(looked_at)[0]] == [("a", "clear")]


# Answers


def test_answers_come_in_from_a_table_once(house: Path, tmp_path: Path) -> None:
    table = written(
        tmp_path / "answers.csv",
        "listing_id,answer,note",
        f"'{FORMULA},confirm,stitching",
        "L-2,reject,",
        "L-3,,",
        "L-4,unsure,",
        "L-5,perhaps,",
        "L-77,confirm,",
    )
    done = run(house, "review", "import", table, "--reviewer", "kim", "--json")
    assert done.exit_code == 1, "two rows failed"
    told = json.loads(done.stdout)
    assert (told["added"], told["known"], told["without_answer"]) == (3, 0, 1)
    assert [one["line"] for one in told["failures"]] == [6, 7]
    again = json.loads(run(house, "review", "import", table, "--reviewer", "kim", "--json").stdout)
    assert (again["added"], again["known"]) == (0, 3)
    waiting = json.loads(run(house, "review", "list", "--json").stdout)
    assert FORMULA not in {one["listing_id"] for one in waiting}


def test_what_a_table_confirms_is_known_until_another_rejects_it(house: Path, tmp_path: Path) -> None:
    rows = [f"L-{number},confirm" for number in (3, 5, 7)]
    table = written(
        tmp_path / "answers.csv", "listing_id,answer", *rows, "L-7,reject", "L-9,unsure", "L-2,fake"
    )
    told = json.loads(run(house, "review", "import", table, "--json").stdout)
    assert (told["known_counterfeits"], told["without_brand"]) == (2, ["L-2"])
    known = confirmed(house)
    assert len(known) == 2
    again = run(house, "review", "import", written(tmp_path / "same.csv", "listing_id,answer", *rows[:2]))
    assert "2 known" in again.stdout
    assert confirmed(house) == known
    other = written(tmp_path / "other.csv", "listing_id,answer", "L-3,genuine", "L-5,unsure", "L-2,confirm")
    told = run(house, "review", "import", other, "--reviewer", "lee")
    assert "1 confirmed fake names no brand" in told.output
    assert confirmed(house) == []


def test_a_persons_answer_makes_known_and_says_so(house: Path) -> None:
    assert (
        "1 photo is a known counterfeit of Acme now"
        in run(house, "review", "answer", 1, "L-3", "confirm").stdout
    )
    moved = run(house, "review", "answer", 1, "L-3", "confirm", "--brand", "Newcomer")
    assert "of Newcomer now" in moved.stdout
    assert len(confirmed(house)) == 1
    assert run(house, "review", "answer", 1, "L-3", "reject").stdout.strip() == "L-3: reject"
    assert confirmed(house) == []
    unnamed = run(house, "review", "answer", 1, "L-2", "confirm")
    assert (unnamed.exit_code, "--brand" in unnamed.stderr) == (0, True)


def confirmed(house: Path) -> list[str]:
    """What reviewers made known counterfeits."""
    told = json.loads(run(house, "catalog", "list", "--kind", "known-counterfeit", "--json").stdout)
    return [one["reference_id"] for one in told if one["reference_id"].startswith("confirmed-")]


def test_answers_go_to_the_scan_that_is_named(house: Path, tmp_path: Path) -> None:
    table = written(tmp_path / "answers.csv", "listing_id,label", "L-3,fake")
    assert run(house, "review", "import", table, "--scan", 1).exit_code == 0
    refused = run(house, "review", "import", table, "--scan", 9)
    assert (refused.exit_code, "there is no scan 9" in refused.stderr) == (2, True)


def test_an_unreadable_table_keeps_nothing(house: Path, tmp_path: Path) -> None:
    with (
        Workspace.open(house) as workspace,
        workspace.database.read() as connection,
        pytest.raises(ManifestError, match="does not exist"),
    ):
        import_answers(connection, tmp_path / "none.csv")


# Sets


@pytest.fixture
def exported(reviewed: Path, tmp_path: Path) -> Path:
    done = run(reviewed, "review", "export", "--out", tmp_path / "june", "--no-near", "--json")
    assert done.exit_code == 0, done.output
    return tmp_path / "june"


def test_reviews_leave_as_a_set_whose_splits_share_nothing(exported: Path) -> None:
    with (exported / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == LISTINGS - 1, "the one beyond telling is left out"
    assert restored_cell(rows[1]["listing_id"]) == FORMULA
    assert {row["split"] for row in rows} == {"tune", "report"}
    for what in ("seller", "photo", "group"):
        places = {(row[what], row["split"]) for row in rows}
        assert len(places) == len({value for value, _ in places})
    assert "made by" in (exported / "labels.json").read_text()


def test_a_set_can_be_imported_and_scanned_again(exported: Path) -> None:
    listings = [row.value for row in read_listings(exported / "listings.jsonl")]
    assert FORMULA in {one.listing_id for one in listings}
    assert all((exported / image).is_file() for one in listings for image in one.images)
    (brand,) = json.loads((exported / "brands.json").read_text())
    assert (brand["name"], brand["licensed_sellers"], brand["logo"]) == ("Acme", ["house-1"], None)
    (reference,) = [row.value for row in read_references(exported / brand["catalog"])]
    assert (reference.reference_id, str(reference.price), reference.currency) == ("SKU-1", "80", "EUR")
    assert (exported / reference.images[0]).is_file()


def test_a_set_gives_the_labels_back(exported: Path) -> None:
    found = labelled_folder(exported)
    assert not found.failed
    assert not found.unknown
    kinds = {one.listing_id: one.truth for one in found.labelled}
    assert kinds[FORMULA] is VerdictKind.COUNTERFEIT
    assert kinds["L-2"] is VerdictKind.CLEAR
    assert {one.kind for one in found.labelled if one.truth is VerdictKind.COUNTERFEIT} <= {"copy", "price"}


def test_a_later_set_keeps_listings_where_they_were(reviewed: Path, exported: Path, tmp_path: Path) -> None:
    later = tmp_path / "july"
    words = ("--no-near", "--no-photos", "--no-catalog", "--like", exported, "--seed", 5)
    assert run(reviewed, "review", "export", "--out", later, *words).exit_code == 0
    assert not (later / "photos").exists()
    assert not (later / "brands.json").exists()
    splits = [
        {one.listing_id: one.split for one in labelled_folder(folder).labelled}
        for folder in (exported, later)
    ]
    assert splits[0] == splits[1]


def test_a_taken_folder_and_an_empty_desk_are_refused(house: Path, tmp_path: Path) -> None:
    refused = run(house, "review", "export", "--out", tmp_path / "june", "--no-near")
    assert (refused.exit_code, "no listing has an answer" in refused.stderr) == (2, True)
    written(tmp_path / "june" / "mine.txt", "something else")
    refused = run(house, "review", "export", "--out", tmp_path / "june", "--no-near")
    assert (refused.exit_code, "is not empty" in refused.stderr) == (2, True)


def test_a_chain_of_near_photos_is_one_cluster() -> None:
    angles = np.array([0.0, 0.2, 0.4, 1.5])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    assert clustered(["a", "b", "c", "d"], vectors, 0.95) == {"a": "a", "b": "a", "c": "a", "d": "d"}


# Tuning from the command line


def test_a_policy_is_tuned_from_reviews_and_used(reviewed: Path, tmp_path: Path) -> None:
    out = tmp_path / "policy.toml"
    done = run(reviewed, "policy", "tune", "--precision", 0.85, "--out", out, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["labels"]["fakes"] == 20
    assert told["after"]["precision"] == 1.0
    assert told["thresholds"]["counterfeit"] < 0.95
    assert told["held_out"]["folds"] >= 2
    shown = run(reviewed, "policy", "show", "--policy", out)
    assert "version = 2" in shown.stdout
    assert "# Made by `matcher policy tune` from default@1" in shown.stdout
    assert run(reviewed, "policy", "tune", "--out", out).exit_code == 2, "what is there stays"


def test_a_policy_is_tuned_from_a_table_and_its_scan(template: Path, tmp_path: Path) -> None:
    rows = [f"{name},{said.value}" for name, said in truth().items()]
    table = written(tmp_path / "labels.csv", "listing_id,label", *rows)
    words = ("policy", "tune", table, "--scan", template / "monday", "--precision", 0.85)
    for workspace in (template / "workspace", tmp_path / "none"):
        done = run(workspace, *words)
        assert done.exit_code == 0, done.output
        assert f"of all {LISTINGS}" in done.stdout
        assert "nothing was written" in done.stdout
    assert not (tmp_path / "none").exists()
    refused = run(template / "workspace", "policy", "tune", table, "--scan", 7)
    assert (refused.exit_code, "there is no scan 7" in refused.stderr) == (2, True)
    refused = run(tmp_path / "none", "policy", "tune", tmp_path / "none.csv")
    assert (refused.exit_code, "none.csv: is not there" in refused.stderr) == (2, True)
    refused = run(tmp_path / "none", "policy", "tune", table)
    assert (refused.exit_code, "--scan" in refused.stderr) == (2, True)


def test_a_policy_is_tuned_on_one_split_and_tried_on_the_other(exported: Path, tmp_path: Path) -> None:
    done = run(tmp_path / "none", "policy", "tune", exported, "--precision", 0.7, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["report_split"]["counterfeit"]["wanted"] > 0
    assert told["labels"]["fakes"] + told["report_split"]["counterfeit"]["wanted"] == 20
    assert any("fakes that it took for clear" in note for note in told["notes"])


def test_too_few_labels_are_told_with_how_many_are_needed(reviewed: Path) -> None:
    refused = run(reviewed, "policy", "tune", "--precision", 0.95)
    assert refused.exit_code == 2
    assert "at least 59" in refused.stderr
    assert refused.stderr.count("\n") == 1
