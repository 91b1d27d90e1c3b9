"""A day's listings are scanned, reviewed, reported on again and forgotten."""

from __future__ import annotations

import json
import re
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from matcher.commands.purge import parse_age
from matcher.errors import UsageError
from matcher.policy import load_policy
from tests.matcher.commands.conftest import Shop, draw, matcher, write_table


@pytest.fixture(scope="module")
def monday(shop: Shop) -> Any:
    """The scan of the shop's listings into `monday`."""
    return shop.run("scan", shop.listings, "--out", shop.folder / "monday", "--workers", 1, "--csv")


def test_a_scan_writes_everything_and_ends_with_one_for_the_row_that_failed(shop: Shop, monday: Any) -> None:
    assert monday.exit_code == 1, monday.output
    out = shop.folder / "monday"
    for name in (
        "report.html",
        "verdicts.jsonl",
        "verdicts.parquet",
        "verdicts.csv",
        "errors.jsonl",
        "summary.json",
    ):
        assert (out / name).exists()
        assert str(out / name) in monday.stdout
    verdicts = [json.loads(line) for line in (out / "verdicts.jsonl").read_text().splitlines()]
    assert [one["listing_id"] for one in verdicts] == ["L-1", "L-2", "L-3"]
    assert verdicts[0]["verdict"] != "clear"
    assert [one["verdict"] for one in verdicts[1:]] == ["clear", "clear"]
    assert json.loads((out / "errors.jsonl").read_text())["listing_id"] == "L-4"
    assert "\x1b" not in monday.output
    assert "<script>alert" not in (out / "report.html").read_text()


def test_the_same_folder_again_needs_resume_and_gives_the_same_verdicts(shop: Shop, monday: Any) -> None:
    out = shop.folder / "monday"
    before = (out / "verdicts.jsonl").read_bytes()
    refused = shop.run("scan", shop.listings, "--out", out)
    told = "which is finished; give --resume to write its outputs again, or another --out"
    assert (refused.exit_code, told in refused.stderr) == (2, True)
    resumed = shop.run("scan", shop.listings, "--out", out, "--resume", "--csv", "--json")
    assert resumed.exit_code == 1, resumed.output
    assert json.loads(resumed.stdout)["failed_rows"] == 1
    assert (out / "verdicts.jsonl").read_bytes() == before


def test_another_policy_is_not_taken_for_that_of_the_scan_that_is_resumed(
    shop: Shop, monday: Any, tmp_path: Path
) -> None:
    shown = load_policy().policy_text
    for name, text, code in (("same", shown, 1), ("other", shown.replace('"default"', '"strict"'), 2)):
        policy = tmp_path / f"{name}.toml"
        policy.write_text(text, encoding="utf-8")
        given = ("--out", shop.folder / "monday", "--csv", "--resume", "--policy", policy)
        resumed = shop.run("scan", shop.listings, *given)
        assert resumed.exit_code == code, resumed.output
    assert "leave --policy out" in resumed.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--address", "auto"), "give --engine ray"),
        (("--engine", "cloud"), "cloud"),
        # Nothing listens at port 9 of this machine; Ray itself would try for many minutes.
        (("--engine", "ray", "--address", "127.0.0.1:9"), "the Ray cluster 127.0.0.1:9 cannot be reached"),
        (
            ("--engine", "ray", "--address", "ray://[::1]:9"),
            "the Ray cluster ray://[::1]:9 cannot be reached",
        ),
        (("--limit", "0"), "--limit"),
        (("--policy", "none.toml"), "none.toml"),
    ],
)
def test_wrong_options_are_one_line_and_two(
    shop: Shop, words: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    refused = shop.run("scan", shop.listings, "--out", tmp_path / "out", *words)
    assert refused.exit_code == 2
    assert reason in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "out").exists()


def test_a_photo_that_failed_is_not_told_as_a_row(shop: Shop, tmp_path: Path) -> None:
    rows = [("P-1", "gone.jpg|other.jpg"), ("P-2", "gone.jpg|lost.jpg")]
    table = write_table(shop.folder / "photos.csv", "listing_id,image", rows)
    told = shop.run("scan", table, "--out", tmp_path / "out", "--workers", 1)
    assert told.exit_code == 1
    counts = dict(re.findall(r"(rows that failed|photos that failed)\W+(\d)", told.stdout))
    assert counts == {"rows that failed": "2", "photos that failed": "1"}
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["failed_rows"], summary["failed_photos"]) == (3, 1)
    reasons = [
        json.loads(line)["reason"] for line in (tmp_path / "out" / "errors.jsonl").read_text().splitlines()
    ]
    assert [reason.endswith("; the listing's other photos were examined") for reason in reasons] == [
        True, False, False
    ]  # fmt: skip
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<strong>1 photo</strong> could not be examined, of listings that were judged" in page
    assert "<strong>2 rows</strong> could not be examined" in page


def test_without_ray_no_scan_is_begun(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    refused = shop.run("scan", shop.listings, "--out", tmp_path / "out", "--engine", "ray")
    assert (refused.exit_code, "--engine ray needs Ray: pip install" in refused.stderr) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_scan_without_a_workspace_makes_none(tmp_path: Path) -> None:
    refused = matcher(tmp_path / "typo", "scan", tmp_path, "--out", tmp_path / "out")
    assert refused.exit_code == 2
    assert refused.stderr.count("\n") == 1
    assert "there is no workspace" in refused.stderr
    assert not (tmp_path / "typo").exists()


def test_a_folder_of_photos_named_as_workspace_is_left_as_it_was(tmp_path: Path) -> None:
    photo = draw(tmp_path / "photos" / "a.jpg", 3)
    for words in (("brand", "list"), ("check", photo), ("catalog", "verify")):
        refused = matcher(photo.parent, *words)
        assert (refused.exit_code, "there is no workspace" in refused.stderr) == (2, True)
    assert [path.name for path in photo.parent.iterdir()] == ["a.jpg"]


def test_what_a_catalog_without_images_cannot_find_is_told(tmp_path: Path) -> None:
    columns = "listing_id,image,title"
    draw(tmp_path / "a.jpg", 3)
    table = write_table(tmp_path / "t.csv", columns, [("T-1", "a.jpg", "Nordlys lamp, 1:1 replica")])
    matcher(tmp_path / "workspace", "brand", "add", "Nordlys")
    words = ("scan", table, "--out", tmp_path / "out", "--workers", 1)
    done = matcher(tmp_path / "workspace", *words)
    assert done.exit_code == 0, done.output
    assert "reused photos, products and low prices cannot be found" in done.stderr
    assert "clear" not in done.stderr
    assert json.loads((tmp_path / "out" / "verdicts.jsonl").read_text())["verdict"] == "review"


def test_that_nothing_can_be_found_at_all_is_told(tmp_path: Path) -> None:
    draw(tmp_path / "photos" / "a.jpg", 3)
    workspace = tmp_path / "workspace"
    matcher(workspace, "brand", "add", "Nordlys")
    matcher(workspace, "brand", "remove", "Nordlys", "--yes")
    done = matcher(workspace, "scan", tmp_path / "photos", "--out", tmp_path / "out", "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "the catalog has no images and no wordmarks yet, so every listing will be clear" in done.stderr


def test_a_brand_that_only_the_policy_knows_is_told(shop: Shop, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    rules = "[brands.Sydlys]\nthresholds = { review = 0.4 }\n"
    own.write_text(load_policy().policy_text + rules, encoding="utf-8")
    photos = draw(tmp_path / "photos" / "a.jpg", 9).parent
    done = shop.run("scan", photos, "--out", tmp_path / "out", "--policy", own, "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "has rules for 'Sydlys', which the catalog does not have" in done.stderr


def test_what_is_not_clear_waits_for_a_review_until_it_is_answered(shop: Shop, monday: Any) -> None:
    shown = shop.run("review", "list", "--scan", shop.folder / "monday")
    assert shown.exit_code == 0, shown.output
    assert "L-1" in shown.stdout
    waiting = json.loads(shop.run("review", "list", "--json").stdout)
    assert [one["listing_id"] for one in waiting] == ["L-1"]
    answered = shop.run("review", "answer", waiting[0]["scan"], "L-1", "confirm", "--reviewer", "kim")
    assert answered.exit_code == 0, answered.output
    assert json.loads(shop.run("review", "list", "--json").stdout) == []
    assert "L-1: confirm" in answered.stdout
    assert "no photo of it is a known counterfeit" in answered.stdout, "it is the brand's own"
    for words in (
        ("99", "L-1", "confirm"),
        (str(waiting[0]["scan"]), "L-9", "reject"),
        ("nowhere", "L-1", "maybe"),
        (str(waiting[0]["scan"]), "L-1", "reject", "--brand", "Nordlys"),
    ):
        assert shop.run("review", "answer", *words).exit_code == 2


def test_a_report_is_written_again(shop: Shop, monday: Any) -> None:
    report = shop.folder / "monday" / "report.html"
    before = report.read_text()
    report.unlink()
    shutil.rmtree(shop.workspace / "snapshots")  # as happens once there are newer ones
    again = shop.run("report", report.parent, "--title", "Again & again")
    assert again.exit_code == 0, again.output
    after = report.read_text()
    assert "Again &amp; again" in after
    for told in ("default@1", "rootsift", "builtin@"):
        assert (told in after) is (told in before)
    assert "default@1" in after
    assert shop.run("report", shop.folder).exit_code == 2


def test_a_seller_is_forgotten_and_what_is_left_of_them_is_named(shop: Shop, tmp_path: Path) -> None:
    draw(tmp_path / "a.jpg", 1)
    table = write_table(tmp_path / "t.csv", "listing_id,image,seller_id", [("T-1", "a.jpg", "forget.me")])
    assert shop.run("scan", table, "--out", tmp_path / "out", "--workers", 1).exit_code == 0
    assert shop.run("purge", "--seller", "forget.me").exit_code == 2, "nobody answered"
    assert shop.run("purge", "--seller", "forget.me", answer="n\n").exit_code == 1
    done = shop.run("purge", "--seller", "forget.me", "--yes", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["listings"] == 1
    assert told["scan_folders"] == [str(tmp_path / "out")]
    assert shop.run("purge", "--unused").exit_code == 0
    assert shop.run("catalog", "verify").exit_code == 0


def test_a_purge_says_what_goes(shop: Shop) -> None:
    for words in ((), ("--seller", ""), ("--listing", ""), ("--older-than", "")):
        refused = shop.run("purge", "--yes", *words)
        assert refused.exit_code == 2, words
        assert "--seller" in refused.stderr or "--older-than" in refused.stderr


def test_unused_files_alone_or_listings_but_not_both(shop: Shop) -> None:
    for words in (("--seller", "q"), ("--listing", "L-1"), ("--older-than", "1h")):
        refused = shop.run("purge", "--yes", "--unused", *words)
        assert (refused.exit_code, "--unused" in refused.stderr) == (2, True), words


def test_ages_are_days_weeks_hours_or_a_date() -> None:
    now = datetime.now(UTC)
    for text, age in (("90d", timedelta(days=90)), ("2 w", timedelta(weeks=2)), ("36H", timedelta(hours=36))):
        assert abs(now - age - parse_age(text)) < timedelta(minutes=1)
    assert parse_age("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
    for text in ("", "90", "d", "-3d", "soon", "2026-13-01", "9999999999w", f"{now.year + 1}-01-01"):
        with pytest.raises(UsageError, match="--older-than"):
            parse_age(text)
