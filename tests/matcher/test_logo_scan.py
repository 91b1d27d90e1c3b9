"""From a logo in a photo to the verdict: added by a brand, found in a scan, told with its place and text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from matcher.assembly import build_examiner, build_galleries, freeze
from matcher.errors import ScanError
from matcher.models.onnx_logo_detector import OnnxLogoDetector
from matcher.photo_cache import ScanCache
from matcher.policy import load_policy
from matcher.records import Listing
from matcher.scan import ScanRequest, run_scan
from matcher.workspace import Workspace
from tests.matcher import drawn, logo_shop
from tests.matcher.models.logo_contracts import badge, goods
from tests.matcher.models.tiny_logos import write_tiny
from tests.matcher.scanned import lines

PLACE = (240, 240, 480, 480)


def shirt(number: int, word: str = "") -> Image.Image:
    """Grey goods with a large badge, and a word below it."""
    image = Image.fromarray(goods((number, PLACE[:2]), size=(960, 960), side=240))
    font = ImageFont.load_default(72)
    ImageDraw.Draw(image).text((360, 540), word, font=font, fill=(20, 20, 20), anchor="mm")
    return image


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished scan of goods with badges and words."""
    folder = tmp_path_factory.mktemp("logos")
    rows = ["listing_id,image,title,seller_id"]
    for name, number, word in (
        ("logo", 1, ""), ("wordmark", 1, "AURELIO"), ("other", 1, "YIKES"), ("stranger", 9, ""),
    ):  # fmt: skip
        drawn.saved(shirt(number, word), folder / f"{name}.png")
        rows.append(f"{name},{name}.png,Grey thing,shop-9")
    rows.append(f"licensed,other.png,Grey thing,{drawn.LICENSED}")
    manifest = drawn.written(folder / "listings.csv", rows)
    with logo_shop.open_shop(folder, text="rapidocr") as workspace:
        run_scan(workspace, load_policy(), ScanRequest(manifest, folder / "out"))
    return folder


def verdicts(folder: Path) -> dict[str, dict[str, object]]:
    return {line["listing_id"]: line for line in lines(folder / "out" / "verdicts.jsonl")}


def evidence(line: dict[str, object]) -> list[dict[str, object]]:
    return [one for one in line["evidence"] if one["signal"] == "logo"]  # type: ignore[attr-defined]


def test_a_logo_alone_is_a_lead_with_its_place_and_the_logo_it_is(scanned: Path) -> None:
    line = verdicts(scanned)["logo"]
    [found] = evidence(line)
    assert (found["brand"], found["reference_id"], found["detail"]["kind"]) == ("Aurelio", "sun", "logo")
    assert found["region"] == pytest.approx(PLACE, abs=4)
    assert found["score"] > 0.6
    assert {one["signal"] for one in line["evidence"]} == {"logo", "seller"}
    assert line["verdict"] == "clear"
    assert line["models"]["logo"].startswith("onnx:models@")


def test_beside_its_wordmark_it_is_the_logo_and_beside_another_word_a_look_alike(scanned: Path) -> None:
    found = verdicts(scanned)
    [right], [wrong] = evidence(found["wordmark"]), evidence(found["other"])
    assert (right["detail"]["kind"], right["detail"]["says"]) == ("logo", "wordmark")
    assert (wrong["detail"]["kind"], wrong["detail"]["text"]) == ("look-alike", "YIKES")
    assert found["wordmark"]["verdict"] == "clear"
    assert found["other"]["verdict"] == "review"
    assert (
        found["other"]["reasons"][0]
        == "Photo 1 seems to show the logo sun of Aurelio beside the text 'YIKES', "
        "which is not the brand's wordmark."
    )
    assert found["licensed"]["verdict"] == "clear"


def test_an_unknown_logo_is_none_of_the_catalogs(scanned: Path) -> None:
    assert all(one["score"] < 0.5 for one in evidence(verdicts(scanned)["stranger"]))


def test_the_report_shows_the_logo_and_its_reference(scanned: Path) -> None:
    page = (scanned / "out" / "report.html").read_text(encoding="utf-8")
    assert "which is not its wordmark" in page
    assert "<bdi>sun</bdi>" in page
    assert "Reference image not kept" not in page


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with logo_shop.open_shop(tmp_path) as opened:
        yield opened


def test_a_photo_is_looked_at_once_however_often_it_is_listed(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    detect = OnnxLogoDetector.detect

    def counted(self: OnnxLogoDetector, images: list[np.ndarray]) -> object:
        asked.append(len(images))
        return detect(self, images)

    monkeypatch.setattr(OnnxLogoDetector, "detect", counted)
    snapshot = freeze(workspace, build_galleries(workspace), load_policy())
    cache = ScanCache(tmp_path / "photos.cache")
    examiner = build_examiner(workspace, snapshot, cache=cache)
    blob = drawn.saved(shirt(1), tmp_path / "photo.png").read_bytes()
    first, again = (
        examiner.examine(Listing(listing_id="L", images=("photo.png",)), lambda _: blob).result for _ in "ab"
    )
    assert asked == [1]
    assert first == again
    cache.close()


def test_a_scan_is_not_resumed_with_other_logo_models(workspace: Workspace, tmp_path: Path) -> None:
    drawn.saved(shirt(1), tmp_path / "photo.png")
    manifest = drawn.written(
        tmp_path / "l.csv", ["listing_id,image", *(f"L-{n},photo.png" for n in range(9))]
    )

    def stop(position: int, photos: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_scan(workspace, load_policy(), ScanRequest(manifest, tmp_path / "out"), progress=stop)
    write_tiny(tmp_path / "models", shift=0.02)
    with pytest.raises(ScanError, match="other logo models; start a new scan"):
        run_scan(workspace, load_policy(), ScanRequest(manifest, tmp_path / "out", resume=True))


def test_findings_keep_logos_as_json_does(workspace: Workspace, tmp_path: Path) -> None:
    snapshot = freeze(workspace, build_galleries(workspace), load_policy())
    cache = ScanCache(tmp_path / "photos.cache")
    examiner = build_examiner(workspace, snapshot, cache=cache)
    blob = drawn.saved(badge(1, 200), tmp_path / "photo.png").read_bytes()
    result = examiner.examine(Listing(listing_id="L", images=("p",)), lambda _: blob).result
    assert result is not None
    kept = json.loads(cache.get(result.photos[0].content_hash) or "")
    assert kept["logos"]
    assert all(0 <= edge <= 1 for one in kept["logos"] for edge in one["box"])
    cache.close()
