"""A small brand's workspace: references with two photos each, a known counterfeit, and reviewed listings."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from matcher.catalog import (
    ExaminedListing,
    PhotoFacts,
    add_brand,
    answer_review,
    commit_chunk,
    find_listing,
    finish_scan,
    start_scan,
    stored_hash_of,
)
from matcher.images import content_hash
from matcher.records import (
    Brand,
    Evidence,
    ImageRole,
    Listing,
    Match,
    ReviewAnswer,
    Verdict,
    VerdictKind,
)
from matcher.workspace import Workspace
from tests.matcher import drawn

BRAND = "Aurelio"
FAKE = "fake-1"
CONFIRMED, REJECTED, UNSURE = ReviewAnswer.CONFIRM, ReviewAnswer.REJECT, ReviewAnswer.UNSURE


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def hash_of(image: Image.Image) -> str:
    return content_hash(png(image))


def bag(number: int) -> Image.Image:
    """The shop's image of product `number`."""
    return drawn.product(number, (150, 120))


def again(number: int) -> Image.Image:
    """The shop's second image of product `number`."""
    return drawn.pasted(bag(number), drawn.product(500 + number, (150, 120)), 0.8)


def seen(number: int) -> Image.Image:
    """A seller's photo of something, told by its number."""
    return drawn.edited(drawn.product(900 + number, (150, 120)))


def make(folder: Path, products: int = 45) -> Path:
    """Products R-0, R-1 … with two images each, and one known counterfeit; nothing is scanned yet."""
    with Workspace.open(folder) as workspace:
        with workspace.database.write() as connection:
            add_brand(connection, Brand(name=BRAND))
        rows = ["reference_id,image"]
        for number in range(products):
            drawn.saved(bag(number), folder / "shop" / f"{number}.png")
            drawn.saved(again(number), folder / "shop" / f"{number}-again.png")
            rows += [f"R-{number},{number}.png|{number}-again.png"]
        drawn.imported(workspace, drawn.written(folder / "shop" / "catalog.csv", rows), BRAND)
        rows = ["reference_id,image"]
        for number in (50, 51):
            drawn.saved(seen(number), folder / "fakes" / f"{number}.png")
        rows.append(f"{FAKE},50.png|51.png")
        manifest = drawn.written(folder / "fakes" / "catalog.csv", rows)
        drawn.imported(workspace, manifest, BRAND, ImageRole.KNOWN_COUNTERFEIT)
    return folder


def matched(number: int, *, photo: int = 0, score: float = 0.9, verified: bool = True) -> Match:
    """What a scan said of a photo: it shows R-`number`."""
    return Match(reference_id=f"R-{number}", brand=BRAND, score=score, verified=verified, photo=photo)


def known_fake(*, photo: int = 0) -> Evidence:
    """What a scan said of a photo: it shows the known counterfeit."""
    return Evidence(signal="known-counterfeit", score=0.8, brand=BRAND, photo=photo, reference_id=FAKE)


def review(
    folder: Path, listings: dict[str, tuple[list[Image.Image], list[Match], list[Evidence], ReviewAnswer]]
) -> None:
    """A scan of listings (photos, matches, evidence), and what a person answered to each."""
    with Workspace.open(folder) as workspace:
        judged = [
            _judged(workspace, name, photos, matches, evidence)
            for name, (photos, matches, evidence, _) in listings.items()
        ]
        with workspace.database.write() as connection:
            scan_id = start_scan(
                connection, out=str(folder / "scan"), manifest="m", manifest_fingerprint="f", snapshot=1,
                settings={},
            )  # fmt: skip
            commit_chunk(connection, scan_id, 0, judged, [], len(judged))
            finish_scan(connection, scan_id, len(judged))
            for name, (*_, answer) in listings.items():
                answer_review(connection, find_listing(connection, scan_id, name).listing_row, answer)


def _judged(
    workspace: Workspace, name: str, photos: list[Image.Image], matches: list[Match], evidence: list[Evidence]
) -> ExaminedListing:
    facts = []
    for position, photo in enumerate(photos):
        blob = png(photo)
        workspace.store.put(content_hash(blob), blob)
        facts.append(
            PhotoFacts(position, f"{position}.png", content_hash(blob), stored_hash_of(blob), *photo.size)
        )
    verdict = Verdict(
        listing_id=name, verdict=VerdictKind.REVIEW, score=0.6, brand=BRAND, evidence=tuple(evidence),
        matches=tuple(matches),
    )  # fmt: skip
    listing = Listing(listing_id=name, images=tuple(f"{i}.png" for i in range(len(photos))))
    return ExaminedListing(listing, tuple(facts), verdict)
