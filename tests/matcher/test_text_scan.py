"""From the letters in a photo to the verdict: a scan reads, compares, accuses and shows what it read."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from matcher.policy import load_policy
from matcher.scan import ScanRequest, run_scan
from matcher.workspace import Workspace
from tests.matcher import drawn
from tests.matcher.drawn import SETTINGS
from tests.matcher.scanned import lines

READING = SETTINGS.model_copy(update={"models": SETTINGS.models.model_copy(update={"text": "rapidocr"})})


def shirt(text: str, size: tuple[int, int] = (900, 900)) -> Image.Image:
    """A plain shirt with a word across the chest."""
    image = Image.new("RGB", size, (206, 198, 188))
    draw = ImageDraw.Draw(image)
    body = [(180, 200), (720, 200), (720, 860), (180, 860)]
    sleeves = [(20, 380), (150, 200), (750, 200), (880, 380), (720, 440), (180, 440)]
    for part in (body, sleeves):
        draw.polygon(part, fill=(38, 52, 92))
    draw.text((450, 420), text, font=ImageFont.load_default(80), fill=(236, 232, 222), anchor="mm")
    return image


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished scan of shirts that say Aurelio, Aurilio and something else, in a folder beside it."""
    folder = tmp_path_factory.mktemp("text")
    rows = ["listing_id,image,title,seller_id"]
    for name, text in (
        ("genuine", "AURELIO"),
        ("fake", "AURILIO"),
        ("other", "SUMMER"),
        ("licensed", "AURILIO"),
    ):
        drawn.saved(shirt(text), folder / f"{name}.jpg", quality=88)
        seller = drawn.LICENSED if name == "licensed" else "shop-9"
        rows.append(f"{name},{name}.jpg,Printed shirt,{seller}")
    manifest = drawn.written(folder / "listings.csv", rows)
    drawn.workspace_folder(folder / "workspace")
    with Workspace.open(folder / "workspace", READING) as workspace:
        run_scan(workspace, load_policy(), ScanRequest(manifest, folder / "out"))
    return folder


def test_a_near_miss_by_a_seller_without_a_licence_is_counterfeit_and_the_rest_is_clear(
    scanned: Path,
) -> None:
    verdicts = {line["listing_id"]: line for line in lines(scanned / "out" / "verdicts.jsonl")}
    assert {name: line["verdict"] for name, line in verdicts.items()} == {
        "genuine": "clear", "fake": "counterfeit", "other": "clear", "licensed": "clear",
    }  # fmt: skip
    fake = verdicts["fake"]
    assert (
        fake["reasons"][0]
        == "Text 'AURILIO' in photo 1 is one letter from the wordmark 'Aurelio' of Aurelio."
    )
    [found] = [one for one in fake["evidence"] if one["signal"] == "wordmark"]
    left, top, right, low = found["region"]
    assert left < 330 < 570 < right
    assert top < 400 < 440 < low
    assert fake["models"]["text"].startswith("rapidocr@")


def test_the_report_shows_what_was_read_close_up(scanned: Path) -> None:
    page = (scanned / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count('class="closeup"') == 1
    assert "AURILIO" in page


def test_a_finished_scan_keeps_the_name_of_the_reader_it_was_made_with(scanned: Path, tmp_path: Path) -> None:
    drawn.workspace_folder(tmp_path / "workspace")
    with Workspace.open(tmp_path / "workspace", READING) as workspace:
        run_scan(workspace, load_policy(), ScanRequest(scanned / "listings.csv", tmp_path / "out", limit=1))
    with Workspace.open(tmp_path / "workspace", SETTINGS) as workspace:
        request = ScanRequest(scanned / "listings.csv", tmp_path / "out", limit=1, resume=True)
        run_scan(workspace, load_policy(), request)  # it is finished: only its outputs are written again
    assert lines(tmp_path / "out" / "verdicts.jsonl")[0]["models"]["text"].startswith("rapidocr@")
