"""How many unrelated photos of unlicensed sellers a scan flags, at a tenth of the price and without one."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import JsonValue

from benchmarks.datasets import distinct, image_paths, relative_id
from benchmarks.verdict_outcomes import redecided
from matcher.catalog import import_references, iterate_verdicts
from matcher.config import Settings
from matcher.errors import UsageError
from matcher.manifests import Row
from matcher.policy import load_policy
from matcher.records import ImageRole, ReferenceRow, Verdict, VerdictKind
from matcher.scan import ScanRequest, run_scan
from matcher.workspace import Workspace

BRAND = "Catalogue"
REFERENCE_PRICE, LISTING_PRICE = "100", "10"
"""A tenth of the price is the worst case: it speaks against every listing that looks like a reference."""


@dataclass(frozen=True)
class Photos:
    """Which photos are references and which are listings, no photo in both."""

    references: tuple[tuple[str, Path], ...]
    listings: tuple[tuple[str, Path], ...]


def choose(references: Iterable[Path], listings: Iterable[Path], limit: int) -> Photos:
    """At most `limit` references of each folder, spread over it; listings are all other photos.

    Byte-identical photos count once. Raises UsageError where either is left empty.
    """
    known = [item for folder in references for item in _spread(_named(folder), limit)]
    taken = {path.resolve() for _, path in known}
    others = [item for folder in listings for item in _named(folder) if item[1].resolve() not in taken]
    # References stand first, so that a byte-identical listing is dropped, not its reference.
    kept = set(distinct(path for _, path in (*known, *others)))
    photos = Photos(
        tuple(item for item in known if item[1] in kept), tuple(item for item in others if item[1] in kept)
    )
    if not photos.references or not photos.listings:
        raise UsageError(
            f"{len(photos.references)} references and {len(photos.listings)} listings: name more folders"
        )
    return photos


def measure_false_alarms(photos: Photos, settings: Settings) -> dict[str, JsonValue]:
    """Scan the listings against the references; counts, and every flagged listing with its reasons."""
    started = time.monotonic()
    with TemporaryDirectory(prefix="matcher-false-alarms-") as name:
        folder = Path(name)
        with Workspace.open(folder / "workspace", settings) as workspace:
            _import(workspace, photos)
            manifest = _manifest(folder, photos)
            policy = load_policy()
            summary = run_scan(workspace, policy, ScanRequest(manifest, folder / "out"))
            with workspace.database.read() as connection:
                flagged = [
                    verdict
                    for verdict in iterate_verdicts(connection, summary.scan_id)
                    if verdict.verdict is not VerdictKind.CLEAR
                ]
    counts = {kind.value: count for kind, count in summary.counts.items()}
    # A price only ever speaks against a listing: without one, no other listing is flagged.
    unpriced = Counter(redecided(verdict, policy, without="price").verdict.value for verdict in flagged)
    counts |= {f"{kind}_unpriced": unpriced[kind] for kind in ("review", "counterfeit")}
    return {
        "task": "false-alarms",
        "metrics": {**counts},
        "counts": {
            "references": len(photos.references),
            "listings": summary.listings,
            "failed": summary.failed,
        },
        "flagged": [*map(_flagged, flagged)],
        "seconds": round(time.monotonic() - started, 1),
    }


def _named(folder: Path) -> list[tuple[str, Path]]:
    return [(f"{folder.name}/{relative_id(path, folder)}", path.resolve()) for path in image_paths(folder)]


def _spread(found: list[tuple[str, Path]], limit: int) -> list[tuple[str, Path]]:
    step = max(1, -(-len(found) // limit))
    return found[::step]


def _import(workspace: Workspace, photos: Photos) -> None:
    price = Decimal(REFERENCE_PRICE)
    rows = (
        Row(line, ReferenceRow(reference_id=name, images=(str(path),), price=price, currency="EUR"))
        for line, (name, path) in enumerate(photos.references, 1)
    )
    import_references(
        workspace.database, workspace.store, rows, lambda image: Path(image).read_bytes(),
        brand=BRAND, role=ImageRole.REFERENCE, settings=workspace.settings.images,
    )  # fmt: skip


def _manifest(folder: Path, photos: Photos) -> Path:
    """A listings table beside copies of the photos: a manifest may only name what lies in its own folder."""
    (folder / "photos").mkdir()
    with (folder / "listings.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("listing_id", "image", "price", "currency", "seller_id"))
        for number, (name, path) in enumerate(photos.listings):
            place = f"photos/{number}{path.suffix}"
            (folder / place).write_bytes(path.read_bytes())
            rows.writerow((name, place, LISTING_PRICE, "EUR", "somebody"))
    return folder / "listings.csv"


def _flagged(verdict: Verdict) -> dict[str, JsonValue]:
    return {
        "listing_id": verdict.listing_id,
        "verdict": verdict.verdict.value,
        "score": round(verdict.score, 4),
        "reference_id": verdict.matches[0].reference_id if verdict.matches else None,
        "reasons": [*verdict.reasons],
    }
