"""A workspace with a scan that people have looked at, made without a model."""

from __future__ import annotations

from pathlib import Path

from matcher.catalog import (
    ExaminedListing,
    PhotoFacts,
    add_brand,
    answer_review,
    commit_chunk,
    find_listing,
    finish_scan,
    import_references,
    start_scan,
    stored_hash_of,
)
from matcher.config import Settings
from matcher.decision import decide
from matcher.images import content_hash
from matcher.manifests import Row
from matcher.outputs import write_outputs
from matcher.policy import load_policy
from matcher.records import Brand, ImageRole, Listing, ReferenceRow, ReviewAnswer, VerdictKind
from matcher.workspace import Workspace
from tests.matcher.catalog.made import png
from tests.matcher.tuning.made import suspicious

FORMULA = "=SUM(A1)"
LISTINGS = 40


def make(folder: Path) -> tuple[Path, Path]:
    """(workspace, scan folder): 40 listings, every second one suspicious, two of each seller's."""
    out = folder / "monday"
    with Workspace.open(folder / "workspace", Settings()) as workspace:
        with workspace.database.write() as connection:
            add_brand(connection, Brand(name="Acme", wordmarks=("ACME",), licensed_sellers=("house-1",)))
        for role, name in ((ImageRole.REFERENCE, "SKU-1"), (ImageRole.KNOWN_COUNTERFEIT, "K-1")):
            rows = [Row(1, ReferenceRow(reference_id=name, images=(name,), price="80", currency="EUR"))]
            import_references(
                workspace.database, workspace.store, rows, lambda image: png(len(image)),
                brand="Acme", role=role, settings=workspace.settings.images,
            )  # fmt: skip
        made = [judged(workspace, name_of(number), number) for number in range(LISTINGS)]
        with workspace.database.write() as connection:
            scan_id = start_scan(
                connection, out=str(out.resolve()), manifest="listings.csv", manifest_fingerprint="f",
                snapshot=1, settings={},
            )  # fmt: skip
            commit_chunk(connection, scan_id, 0, made, [], len(made))
            finish_scan(connection, scan_id, len(made))
        write_outputs(out, [one.verdict for one in made], [], {})
    return folder / "workspace", out


def name_of(number: int) -> str:
    return FORMULA if number == 1 else f"L-{number}"


def judged(workspace: Workspace, name: str, number: int) -> ExaminedListing:
    """Odd listings reuse a photo of their own product; even ones show nothing."""
    found = suspicious(0.7 + number / 200) if number % 2 else []
    found = [
        one.model_copy(update={"reference_id": f"SKU-{number}"} if one.reference_id else {}) for one in found
    ]
    verdict = decide(name, found, (), load_policy(), models={}, snapshot=1)
    blob = png(1000 + number)
    key, kept = content_hash(blob), verdict.verdict is not VerdictKind.CLEAR
    if kept:
        workspace.store.put(key, blob)
    photo = PhotoFacts(0, f"{number}.png", key, stored_hash_of(blob) if kept else "", 32, 32)
    listing = Listing(
        listing_id=name, images=(f"{number}.png",), title="An offer", price="12.50", currency="EUR",
        seller_id=f"shop-{number // 4}",
    )  # fmt: skip
    return ExaminedListing(listing, (photo,), verdict)


def answer(folder: Path, answers: dict[str, ReviewAnswer]) -> None:
    """What people say of listings of scan 1."""
    with Workspace.open(folder) as workspace, workspace.database.write() as connection:
        for name, said in answers.items():
            answer_review(connection, find_listing(connection, 1, name).listing_row, said, reviewer="kim")


def truth() -> dict[str, ReviewAnswer]:
    """Suspicious listings are fakes, the others are not; one is beyond telling."""
    said = {
        f"L-{number}": ReviewAnswer.CONFIRM if number % 2 else ReviewAnswer.REJECT
        for number in range(LISTINGS)
        if number != 1
    }
    return {FORMULA: ReviewAnswer.CONFIRM, **said, "L-38": ReviewAnswer.UNSURE}
