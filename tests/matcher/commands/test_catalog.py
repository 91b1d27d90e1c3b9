"""A catalog is imported, imported again, listed, verified, and taken out again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import update

from matcher.catalog import open_database
from matcher.catalog.tables import keypoints
from matcher.commands.choices import Answer, Kind
from matcher.config import DatabaseSettings
from matcher.records import ImageRole, ReviewAnswer
from tests.matcher.commands.conftest import HOSTILE, Shop, draw, matcher, write_table


def test_options_take_the_words_of_the_records() -> None:
    assert [kind.value for kind in Kind] == [role.value for role in ImageRole]
    assert [answer.value for answer in Answer] == [answer.value for answer in ReviewAnswer]


def test_the_same_import_again_changes_nothing_and_a_bad_row_is_told_with_its_line(shop: Shop) -> None:
    again = shop.run("catalog", "import", shop.catalog, "--brand", "Nordlys")
    assert again.exit_code == 1
    assert "0 added, 0 changed, 3 unchanged, 1 failed" in again.stdout
    assert "catalog.csv:5 (N-4): images/broken.jpg" in again.stdout


def test_an_import_tells_a_program_everything(shop: Shop, tmp_path: Path) -> None:
    errors = tmp_path / "errors.jsonl"
    done = shop.run("catalog", "import", shop.catalog, "--brand", "Nordlys", "--json", "--errors", errors)
    told = json.loads(done.stdout)
    assert (told["unchanged"], told["failed"], told["failures"][0]["line"]) == (3, 1, 5)
    assert told["failures"] == [json.loads(line) for line in errors.read_text().splitlines()]
    assert done.stderr == ""


def test_a_clean_import_ends_with_zero(tmp_path: Path) -> None:
    draw(tmp_path / "images" / "a.png", 5)
    done = matcher(tmp_path / "workspace", "catalog", "import", tmp_path / "images", "--brand", "Nordlys")
    assert done.exit_code == 0, done.output
    assert "1 added" in done.stdout


def test_a_brand_that_an_import_makes_is_told_as_a_mistyped_name_makes_one_too(tmp_path: Path) -> None:
    draw(tmp_path / "images" / "a.png", 5)
    words = ("catalog", "import", tmp_path / "images", "--brand")
    assert "new in the catalog: Nordlys;" in matcher(tmp_path / "workspace", *words, "Nordlys").stderr
    assert "new in the catalog" not in matcher(tmp_path / "workspace", *words, "nordlys").stderr
    assert "new in the catalog: Nordlsy;" in matcher(tmp_path / "workspace", *words, "Nordlsy").stderr


def test_only_the_first_of_many_failures_are_shown(tmp_path: Path) -> None:
    table = write_table(
        tmp_path / "many.csv", "reference_id,image", [(f"R-{n}", "none.jpg") for n in range(30)]
    )
    done = matcher(tmp_path / "workspace", "catalog", "import", table, "--brand", "Nordlys")
    assert done.exit_code == 1
    assert done.stdout.count("is not there") == 20
    assert "10 more; --errors FILE writes all of them" in done.stdout


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("none.csv", "--brand", "Nordlys"), "none.csv"),
        ((".",), "give --brand NAME"),
        ((".", "--brand", "Nordlys", "--kind", "poster"), "poster"),
    ],
)
def test_what_cannot_be_imported_is_wrong_use_and_makes_no_workspace(
    words: tuple[str, ...], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = matcher(tmp_path / "workspace", "catalog", "import", *words)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert not (tmp_path / "workspace").exists()


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ("images", "is a folder"),
        ("table.csv", "is the manifest itself"),
        ("table.csv/bad.jsonl", "is no folder"),
    ],
)
def test_failures_that_cannot_be_written_are_told_before_the_import(
    errors: str, reason: str, tmp_path: Path
) -> None:
    draw(tmp_path / "images" / "a.png", 5)
    table = write_table(tmp_path / "table.csv", "sku,image", [("a", "images/a.png")])
    words = ("catalog", "import", table, "--brand", "Nordlys", "--errors", tmp_path / errors)
    done = matcher(tmp_path / "workspace", *words)
    assert done.exit_code == 2, done.output
    assert f"--errors {tmp_path / errors}: " in done.stderr
    assert reason in done.stderr
    assert not (tmp_path / "workspace").exists()
    assert table.read_text().startswith("sku,image")


def test_the_catalog_is_listed_with_its_text_made_harmless(shop: Shop) -> None:
    shown = shop.run("catalog", "list", "--brand", "nordlys", "--kind", "reference")
    assert shown.exit_code == 0, shown.output
    assert "\x1b" not in shown.output
    assert "[red]click[/red]" in shown.output.replace("\n", "")
    listed = json.loads(shop.run("catalog", "list", "--json", "--limit", 2).stdout)
    assert [one["reference_id"] for one in listed] == ["N-1", "N-2"]
    assert listed[0]["images"] == ["images/N-1.jpg"]
    assert json.loads(shop.run("catalog", "list", "--json").stdout)[2]["title"] == HOSTILE


def test_a_sound_catalog_is_verified_and_a_lost_file_is_found(shop: Shop) -> None:
    assert shop.run("catalog", "verify").exit_code == 0
    lost = next(path for path in sorted((shop.workspace / "images").iterdir()) if len(path.name) == 64)
    kept = lost.read_bytes()
    lost.unlink()
    try:
        found = shop.run("catalog", "verify", "--json")
    finally:
        lost.write_bytes(kept)
    assert found.exit_code == 1
    assert lost.name in json.loads(found.stdout)["problems"][0]


def test_damaged_keypoints_are_found_with_their_reference_and_mended(shop: Shop) -> None:
    with open_database(DatabaseSettings(), shop.workspace) as database, database.write() as connection:
        connection.execute(update(keypoints).values(features=b"damaged"))
    found = shop.run("catalog", "verify", "--json")
    assert found.exit_code == 1
    problems = json.loads(found.stdout)["problems"]
    assert len(problems) == 3
    assert "N-1" in problems[0]
    assert shop.run("index", "rebuild").exit_code == 0
    assert shop.run("catalog", "verify").exit_code == 0


def test_logos_need_no_place_in_the_gallery(tmp_path: Path) -> None:
    draw(tmp_path / "logos" / "sun.png", 5)
    done = matcher(
        tmp_path / "workspace", "catalog", "import", tmp_path / "logos", "--brand", "N", "--kind", "logo"
    )
    assert done.exit_code == 0, done.output
    verified = matcher(tmp_path / "workspace", "catalog", "verify")
    assert verified.exit_code == 0, verified.output


def test_references_are_removed_all_or_none(shop: Shop) -> None:
    refused = shop.run("catalog", "remove", "N-1", "N-9", "--brand", "Nordlys")
    assert refused.exit_code == 2
    assert "N-9" in refused.stderr
    assert shop.run("catalog", "remove", "N-3", "--brand", "Nordlys").exit_code == 0
    assert [one["reference_id"] for one in json.loads(shop.run("catalog", "list", "--json").stdout)] == [
        "N-1",
        "N-2",
    ]
    assert shop.run("catalog", "verify").exit_code == 0
    assert shop.run("catalog", "import", shop.catalog, "--brand", "Nordlys").exit_code == 1


def test_the_galleries_are_told_rebuilt_and_compacted(shop: Shop) -> None:
    for words in (("status",), ("rebuild", "--json"), ("compact", "--json")):
        done = shop.run("index", *words)
        assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["embedder"].startswith("builtin")
    assert shop.run("catalog", "verify").exit_code == 0
