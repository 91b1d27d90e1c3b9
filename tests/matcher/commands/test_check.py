"""One listing is checked: a copy is found, another picture is clear, and nothing is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matcher.commands.check import show_verdict
from matcher.policy import load_policy
from matcher.records import Verdict, VerdictKind
from tests.matcher.commands.conftest import HOSTILE, Shop, matcher


def kept(shop: Shop) -> int:
    return len([path for path in (shop.workspace / "images").iterdir() if len(path.name) == 64])


def test_a_copy_at_a_low_price_is_found(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.folder / "images")
    before = kept(shop)
    found = shop.run("check", "../copy.jpg", "--price", "15 EUR", "--seller", "quick.parcel", "--json")
    assert found.exit_code == 1, found.output
    verdict = json.loads(found.stdout)
    assert verdict["listing_id"] == "../copy.jpg"
    assert verdict["verdict"] in ("review", "counterfeit")
    assert (verdict["brand"], verdict["matches"][0]["reference_id"]) == ("Nordlys", "N-1")
    assert {one["signal"] for one in verdict["evidence"]} >= {"copy", "price", "seller"}
    assert kept(shop) == before


def test_a_person_sees_verdict_reasons_and_matches(shop: Shop) -> None:
    shown = shop.run("check", shop.folder / "copy.jpg", "--title", HOSTILE)
    assert shown.exit_code == 1
    assert "Nordlys" in shown.stdout
    assert "N-1" in shown.stdout
    assert "\x1b" not in shown.output


def test_a_probability_claims_no_certainty(capsys: pytest.CaptureFixture[str]) -> None:
    show_verdict(Verdict(listing_id="L", verdict=VerdictKind.COUNTERFEIT, score=0.99999))
    said = capsys.readouterr().out
    assert "over 99" in said
    assert "100" not in said


def test_brands_that_only_the_policy_knows_are_told_and_change_nothing(shop: Shop, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    rules = "".join(
        f'[brands."{name}"]\nthresholds = {{ review = 0.4 }}\n' for name in ("NORDLYS", "Sydlys", "x")
    )
    own.write_text(load_policy().policy_text + rules, encoding="utf-8")
    shown = shop.run("check", shop.folder / "other.jpg", "--policy", own)
    assert shown.exit_code == 0, shown.output
    assert "policy default@1 has rules for 'Sydlys', 'x', which the catalog does not have" in shown.stderr
    own.write_text(load_policy().policy_text + rules.partition('[brands."Sydlys"]')[0], encoding="utf-8")
    shown = shop.run("check", shop.folder / "other.jpg", "--policy", own)
    assert (shown.exit_code, "does not have" in shown.stderr) == (0, False)


def test_a_check_against_an_empty_catalog_compares_with_nothing_and_says_so(
    shop: Shop, tmp_path: Path
) -> None:
    asked = ["check", str(shop.folder / "copy.jpg")]
    elsewhere = matcher(tmp_path / "empty", "brand", "add", "Nordlys")
    assert elsewhere.exit_code == 0, elsewhere.output
    shown = matcher(tmp_path / "empty", *asked)
    assert shown.exit_code == 0, shown.output
    assert "the catalog has no references or known counterfeits yet" in shown.stderr
    assert "the catalog has no" not in shop.run(*asked).stderr


def test_the_policy_that_the_settings_name_decides(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(load_policy().policy_text.replace('"default"', '"outlet"'))
    (tmp_path / "matcher.toml").write_text(f"[policy]\nfile = '{tmp_path / 'own.toml'}'\n")
    words = ("--config", tmp_path / "matcher.toml", "check", shop.folder / "other.jpg", "--json")
    assert json.loads(shop.run(*words).stdout)["policy"] == "outlet@1"


def test_a_licensed_seller_is_clear(shop: Shop) -> None:
    assert shop.run("check", shop.folder / "copy.jpg", "--seller", "house-1").exit_code == 0


def test_another_picture_is_clear_and_a_bad_one_beside_it_is_told(shop: Shop) -> None:
    shown = shop.run("check", shop.folder / "other.jpg", shop.folder / "images" / "broken.jpg")
    assert shown.exit_code == 0, shown.output
    assert "CLEAR" in shown.stdout
    assert "broken.jpg" in shown.stderr


@pytest.mark.parametrize("image", ["none.jpg", "images", "images/broken.jpg", "http://127.0.0.1/a.jpg"])
def test_photos_that_cannot_be_examined_are_an_error(
    shop: Shop, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.folder)
    failed = shop.run("check", image)
    assert failed.exit_code == 2
    assert image in failed.stderr
    assert "Traceback" not in failed.output


def test_a_link_to_a_photo_elsewhere_is_followed(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "link.jpg").symlink_to(shop.folder / "other.jpg")
    assert shop.run("check", tmp_path / "link.jpg").exit_code == 0


def test_a_price_that_is_none_is_refused_and_one_without_currency_is_told(shop: Shop) -> None:
    refused = shop.run("check", shop.folder / "other.jpg", "--price", "cheap")
    assert (refused.exit_code, "cheap" in refused.stderr) == (2, True)
    assert "give --currency" in shop.run("check", shop.folder / "other.jpg", "--price", "19.90").stderr
