"""Two scans, or a scan and a policy, are held against each other: who got another verdict, and why."""

from __future__ import annotations

import json
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import main
from benchmarks.diff.changes import compare_scans
from benchmarks.verdict_outcomes import redecided
from matcher.errors import ManifestError
from matcher.labels import read_verdicts
from matcher.outputs import write_outputs
from matcher.policy import load_policy, parse_policy
from matcher.records import Verdict, VerdictKind
from tests.matcher.labels.made import LISTINGS, make

LAX = (
    load_policy()
    .policy_text.replace("counterfeit = 0.95", "counterfeit = 0.7")
    .replace("version = 1", "version = 2")
)
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a scan `monday`, a lax policy, and what that says of them as scan `tuesday`."""
    folder = tmp_path_factory.mktemp("diff")
    make(folder)
    (folder / "lax.toml").write_text(LAX)
    policy = parse_policy(LAX, "lax")
    later = [redecided(one, policy) for one in read_verdicts(folder / "monday")]
    write_outputs(folder / "tuesday", later[:-1], [], {})
    return folder


def test_a_policy_is_tried_on_a_scan_that_is_there(house: Path) -> None:
    found = compare_scans(house / "monday", house / "lax.toml")
    assert found.changes
    assert found.moves == {"review to counterfeit": len(found.changes)}
    assert (found.before.policy, found.after.policy) == ("default@1", "default@2")
    assert found.both == LISTINGS
    assert found.after.counts[VerdictKind.COUNTERFEIT] == (
        found.before.counts[VerdictKind.COUNTERFEIT] + len(found.changes)
    )


def test_two_scans_tell_the_same_and_what_only_one_has(house: Path) -> None:
    by_policy = compare_scans(house / "monday", house / "lax.toml")
    found = compare_scans(house / "monday", house / "tuesday")
    last = f"L-{LISTINGS - 1}"
    assert {one.listing_id for one in found.changes} == {
        one.listing_id for one in by_policy.changes if one.listing_id != last
    }
    assert (found.only_before, found.only_after) == ((last,), ())
    assert found.both == LISTINGS - 1
    backwards = compare_scans(house / "tuesday", house / "monday")
    assert all(one.steps == -1 for one in backwards.changes)
    assert backwards.only_after == (last,)


def test_a_scan_and_itself_are_the_same(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monday = str(house / "monday")
    assert main(["diff", monday, monday, "--out", str(house / "same.html")]) == 0
    assert "0 of 40" in capsys.readouterr().out
    assert "No verdict changed" in (house / "same.html").read_text()


def test_a_listing_id_that_repeats_is_paired_in_order(tmp_path: Path) -> None:
    kinds = [VerdictKind.CLEAR, VerdictKind.REVIEW]
    for name, order in (("a", kinds), ("b", kinds[::-1])):
        twins = [Verdict(listing_id="L", verdict=kind, score=0.5) for kind in order]
        write_outputs(tmp_path / name, twins, [], {})
    found = compare_scans(tmp_path / "a", tmp_path / "b")
    assert sorted(one.steps for one in found.changes) == [-1, 1]
    assert not compare_scans(tmp_path / "a", tmp_path / "a").changes


def test_the_page_shows_photos_and_asks_for_nothing(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = house / "diff.html"
    words = ["diff", str(house / "monday"), str(house / "lax.toml"), "--workspace", str(house / "workspace")]
    assert main([*words, "--out", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    found = compare_scans(house / "monday", house / "lax.toml")
    assert page.count("<article") == len(found.changes)
    assert page.count("data:image/webp") >= len(found.changes)
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert "default-src 'none'" in unescape(page)
    before = out.read_bytes()
    main([*words, "--out", str(out)])
    assert out.read_bytes() == before
    capsys.readouterr()


def test_text_from_outside_is_escaped_and_missing_pictures_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, kind in (("a", VerdictKind.CLEAR), ("b", VerdictKind.COUNTERFEIT)):
        verdict = Verdict(listing_id=HOSTILE, verdict=kind, score=0.5, brand="\x1b[31mred", policy=HOSTILE)
        write_outputs(tmp_path / name, [verdict], [], {})
    assert main(["diff", "a", "b", "--out", "page.html"]) == 0
    page = (tmp_path / "page.html").read_text()
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    said = capsys.readouterr()
    assert "no pictures" in said.err
    assert "\x1b[31m" not in said.out


def test_json_tells_everything(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(house / "monday"), str(house / "lax.toml"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = compare_scans(house / "monday", house / "lax.toml")
    assert [one["listing_id"] for one in told["changed"]] == [one.listing_id for one in found.changes]
    assert told["after"]["policy"] == "default@2"
    assert told["changed"][0]["signals"]


def test_a_folder_that_is_no_scan_is_refused(house: Path, tmp_path: Path) -> None:
    shutil.copytree(house / "monday", tmp_path / "broken")
    (tmp_path / "broken" / "verdicts.jsonl").write_text("{}\n")
    for wrong in (tmp_path / "broken", tmp_path / "nowhere"):
        with pytest.raises(ManifestError):
            compare_scans(house / "monday", wrong)


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_has_the_report_s_style_and_fits_the_screen(browser: Any, house: Path, width: int) -> None:
    out = house / "shown.html"
    words = ["diff", str(house / "monday"), str(house / "lax.toml"), "--workspace", str(house / "workspace")]
    assert main([*words, "--out", str(out)]) == 0
    page = browser.new_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(out.as_uri())
    card = page.locator("article.card").first
    pictures = card.locator("figure img")
    assert card.evaluate("one => getComputedStyle(one).borderTopStyle") == "solid"
    assert pictures.first.bounding_box()["width"] < width / 2
    assert card.locator("table.moved tbody th").first.evaluate("one => getComputedStyle(one).textAlign") in (
        "left", "start",
    )  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert said == []
    page.close()
