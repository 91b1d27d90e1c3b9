"""A listing whose truth is known, and what ties it to other listings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from matcher.records import Verdict, VerdictKind


@dataclass(frozen=True)
class Labelled:
    """A verdict with its evidence, and what a person says of the listing.

    `truth`: `counterfeit` (a fake), `clear` (genuine) or `review` (worth a look, and no more can be said).
    `keys` name what it may share with others: `seller:…`, `product:…`, `photo:…`; listings with a key in
    common must not stand on both sides of a split. `split`: where an export put it, '' for nowhere. `kind`:
    what sort of listing it is, where that is known.
    """

    verdict: Verdict
    truth: VerdictKind
    keys: frozenset[str] = frozenset()
    split: str = ""
    kind: str = ""

    @property
    def listing_id(self) -> str:
        """As in the manifest."""
        return self.verdict.listing_id


def keys_of(verdict: Verdict, *, seller_id: str = "", photos: Iterable[str] = ()) -> frozenset[str]:
    """What may tie a listing to others: its seller, the products its evidence names, its photos.

    `seller_id`: '' where only the evidence may tell. `photos`: content hashes, or names of clusters of near
    duplicates. A listing about which nothing was found shares no product with any other.
    """
    sellers = {seller_id.strip()} | {
        str(one.detail["seller_id"]) for one in verdict.evidence if one.detail.get("seller_id")
    }
    products = {f"{one.brand}/{one.reference_id}" for one in verdict.evidence if one.reference_id}
    return frozenset(
        {f"seller:{one}" for one in sellers if one}
        | {f"product:{one}" for one in products}
        | {f"photo:{one}" for one in photos if one}
    )
