"""Labelled listings from the database: what people said of verdicts, and what ties listings together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.catalog import JudgedListing, iterate_reviewed
from matcher.records import ReviewAnswer, VerdictKind
from matcher.tuning import Labelled, keys_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

Clusters = Callable[[Iterable[str]], dict[str, str]]
"""Names of clusters of near duplicates by content hash."""
TRUTHS = {ReviewAnswer.CONFIRM: VerdictKind.COUNTERFEIT, ReviewAnswer.REJECT: VerdictKind.CLEAR}
"""What an answer says is true; one that is unsure says nothing."""


@dataclass(frozen=True)
class Reviewed:
    """A reviewed listing: as it was judged, and labelled by the last answer."""

    judged: JudgedListing
    labelled: Labelled


def labelled_reviews(
    connection: Connection, *, scan_id: int | None = None, clusters: Clusters = lambda _: {}
) -> list[Reviewed]:
    """Every listing with an answer that says something, by its id and the newest review of that id.

    `clusters` joins photos that are nearly the same; without it only equal photos are.
    """
    newest: dict[str, tuple[JudgedListing, VerdictKind]] = {}
    for judged, answer in iterate_reviewed(connection, scan_id=scan_id):
        if answer in TRUTHS:
            newest[judged.listing.listing_id] = judged, TRUTHS[answer]
        else:
            newest.pop(judged.listing.listing_id, None)
    near = clusters(photo.content_hash for judged, _ in newest.values() for photo in judged.photos)
    return [
        Reviewed(judged, Labelled(judged.verdict, truth, keys_of_judged(judged, near), kind=kind_of(judged)))
        for judged, truth in newest.values()
    ]


def keys_of_judged(judged: JudgedListing, near: dict[str, str] | None = None) -> frozenset[str]:
    """What ties the listing to others, as the database has it; `near`: cluster names by content hash."""
    names = [(near or {}).get(photo.content_hash, photo.content_hash) for photo in judged.photos]
    return keys_of(judged.verdict, seller_id=judged.listing.seller_id, photos=names)


def kind_of(judged: JudgedListing) -> str:
    """The signal of the heaviest evidence against the listing, '' where there is none."""
    against = [one for one in judged.verdict.evidence if one.weight > 0]
    return max(against, key=lambda one: one.weight).signal if against else ""
