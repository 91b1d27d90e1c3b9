"""False alarms are counted as a marketplace would count them: by a real scan."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.false_alarms import choose, measure_false_alarms
from matcher.config import ScanSettings, Settings
from matcher.errors import UsageError


def test_a_reference_that_is_offered_again_is_flagged_and_other_pictures_are_not(tmp_path: Path) -> None:
    references, listings = tmp_path / "references", tmp_path / "listings"
    references.mkdir()
    listings.mkdir()
    for number in range(6):
        drawn(number).save(references / f"{number}.jpg", quality=95)
        drawn(100 + number).save(listings / f"other-{number}.jpg", quality=90)
    drawn(3).save(listings / "stolen.jpg", quality=60)
    (listings / "twin.jpg").write_bytes((references / "4.jpg").read_bytes())

    photos = choose([references], [listings], limit=100)
    found = measure_false_alarms(photos, Settings(scan=ScanSettings(workers=1)))

    assert len(photos.listings) == 7, "the byte-identical twin is a reference, not a listing"
    assert [one["listing_id"] for one in found["flagged"]] == ["listings/stolen.jpg"]
    assert found["metrics"]["clear"] == 6
    assert found["metrics"]["counterfeit"] == 1
    unpriced = found["metrics"]["review_unpriced"], found["metrics"]["counterfeit_unpriced"]
    assert unpriced == (1, 0), "a reused photo alone, without a suspicious price, is for a person to look at"
    assert found["counts"]["failed"] == 0


def test_folders_that_leave_no_listing_are_refused(tmp_path: Path) -> None:
    drawn(1).save(tmp_path / "only.jpg")

    with pytest.raises(UsageError, match="1 references and 0 listings"):
        choose([tmp_path], [tmp_path], limit=10)


def drawn(seed: int) -> Image.Image:
    """A picture of its own: coloured shapes over noise, rich in corners."""
    rng = np.random.default_rng(seed)
    noise = Image.fromarray(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)).resize((320, 320))
    picture = noise.filter(ImageFilter.GaussianBlur(6))
    pen = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y, size = (int(value) for value in rng.integers((0, 0, 8), (300, 300, 60)))
        colour = tuple(int(value) for value in rng.integers(0, 255, 3))
        (pen.rectangle if rng.random() < 0.5 else pen.ellipse)(
            (x, y, x + size, y + size // 2 + 4), fill=colour
        )
    return picture
