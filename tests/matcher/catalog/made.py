"""What the catalog's tests are made of: images by name, rows, verdicts, a dump to compare databases."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from typing import Any

from PIL import Image
from sqlalchemy import select

from matcher.catalog import Database, ImageStore, PhotoFacts, StoredImage, stored_hash_of
from matcher.catalog.tables import metadata
from matcher.records import Evidence, Listing, ReferenceRow, Verdict, VerdictKind

IDS = {
    "image_id", "product_id", "brand_id", "number", "wordmark_id", "licensed_seller_id", "trademark_id"
}  # fmt: skip
TIMES = {"created", "finished", "time"}


def hash_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def image(name: str, source: str = "") -> StoredImage:
    """An image that a test does not need the bytes of."""
    return StoredImage(hash_of(name), hash_of("stored " + name), source or f"{name}.png", 40, 30)


def kept(store: ImageStore, name: str) -> StoredImage:
    """An image whose (invented) bytes are in the store."""
    blob = f"bytes of {name}".encode()
    store.put(hash_of(name), blob)
    return StoredImage(hash_of(name), stored_hash_of(blob), f"{name}.png", 40, 30)


def row(reference_id: str, *images: str, title: str = "A shoe", brand: str = "") -> ReferenceRow:
    return ReferenceRow(reference_id=reference_id, images=images or ("a.png",), title=title, brand=brand)


def png(colour: int) -> bytes:
    """A picture that no other number gives."""
    pixels = bytes((colour * 37 + 11 * x * y) % 256 for y in range(32) for x in range(32))
    out = io.BytesIO()
    Image.frombytes("L", (32, 32), pixels).convert("RGB").save(out, "PNG")
    return out.getvalue()


def verdict(
    listing_id: str, kind: VerdictKind = VerdictKind.REVIEW, score: float = 0.5, brand: str = "Acme"
) -> Verdict:
    evidence = Evidence(
        signal="copy", score=score, weight=1 / 3, brand=brand, detail={"inliers": 31, "why": "é\x00\n"}
    )
    return Verdict(
        listing_id=listing_id,
        verdict=kind,
        score=score,
        brand=brand,
        reasons=("Same photo",),
        evidence=(evidence,),
    )


def listing(listing_id: str, seller_id: str = "S-1") -> Listing:
    return Listing(
        listing_id=listing_id, images=("x.jpg",), title="Ein Schuh", price="19.90", seller_id=seller_id
    )


def photo(stored: StoredImage, *, is_kept: bool = True, position: int = 0) -> PhotoFacts:
    return PhotoFacts(
        position, stored.source, stored.content_hash, stored.stored_hash if is_kept else "", 40, 30
    )


def dump(database: Database, without: Iterable[str] = IDS | TIMES) -> dict[str, list[Any]]:
    """Every row of every table, sorted, without columns that may differ between two equal histories."""
    left_out = set(without)
    with database.read() as connection:
        return {
            table.name: sorted(
                repr({key: value for key, value in found._mapping.items() if key not in left_out})
                for found in connection.execute(select(table))
            )
            for table in metadata.sorted_tables
        }
