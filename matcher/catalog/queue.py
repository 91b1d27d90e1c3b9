"""What waits for a person: counted, filtered, walked through, the most suspicious first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from matcher.catalog.results import FLAGGED, JudgedListing, judge_rows
from matcher.catalog.reviews import ANSWERED, COUNTS
from matcher.catalog.tables import listings, photos, reviews, verdicts
from matcher.records import ReviewAnswer, VerdictKind

_RANK: Any = case({kind.value: rank for rank, kind in enumerate(FLAGGED)}, value=verdicts.c.verdict)


@dataclass(frozen=True)
class Wanted:
    """Which listings a person looks at; None and '' leave a thing open."""

    kind: VerdictKind | None = None
    brand: str = ""
    scan_id: int | None = None


EVERYTHING = Wanted()


def count_waiting(
    connection: Connection, owner_id: int, wanted: Wanted = EVERYTHING
) -> dict[VerdictKind, int]:
    """How many listings of each verdict wait, those that are not clear."""
    query = select(verdicts.c.verdict, func.count()).select_from(_JOINED).where(_open(owner_id, wanted))
    found = {row[0]: int(row[1]) for row in connection.execute(query.group_by(verdicts.c.verdict))}
    return {kind: found.get(kind.value, 0) for kind in FLAGGED}


def brands_waiting(connection: Connection, owner_id: int) -> list[str]:
    """The brands of what waits, in order; '' where a verdict names none."""
    query = select(verdicts.c.brand).distinct().select_from(_JOINED).where(_open(owner_id, EVERYTHING))
    return sorted(connection.execute(query).scalars())


def waiting(
    connection: Connection,
    owner_id: int,
    wanted: Wanted = EVERYTHING,
    *,
    after: int | None = None,
    limit: int = 100,
) -> list[JudgedListing]:
    """At most `limit` listings that wait: counterfeit before review, each by falling score.

    `after` is the listing_row to go on behind, answered by now or not; one that is gone begins anew.
    """
    query = select(listings, verdicts.c.text).select_from(_JOINED).where(_open(owner_id, wanted))
    if after is not None:
        place = _place(connection, owner_id, after)
        query = query.where(_behind(place)) if place else query
    query = query.order_by(_RANK, verdicts.c.score.desc(), verdicts.c.listing_row)
    return judge_rows(connection, connection.execute(query.limit(limit)).all())


def neighbours(
    connection: Connection, owner_id: int, listing_row: int, wanted: Wanted = EVERYTHING
) -> tuple[int | None, int | None]:
    """The listing_rows that wait before and behind this one, which itself may be answered."""
    place = _place(connection, owner_id, listing_row)
    if place is None:
        return None, None
    query = select(verdicts.c.listing_row).select_from(_JOINED).where(_open(owner_id, wanted))
    behind = query.where(_behind(place)).order_by(_RANK, verdicts.c.score.desc(), verdicts.c.listing_row)
    before = query.where(~_behind(place), verdicts.c.listing_row != listing_row)
    before = before.order_by(_RANK.desc(), verdicts.c.score, verdicts.c.listing_row.desc())
    found = [connection.execute(one.limit(1)).scalar_one_or_none() for one in (before, behind)]
    return found[0], found[1]


def listings_with_photos_of(
    connection: Connection, owner_id: int, listing_row: int, *, limit: int = 100
) -> list[JudgedListing]:
    """At most `limit` other listings that wait and show a photo of this one, byte for byte but metadata."""
    shown = select(photos.c.content_hash).where(
        photos.c.listing_row == listing_row, photos.c.owner_id == owner_id
    )
    alike = select(photos.c.listing_row).where(
        photos.c.owner_id == owner_id, photos.c.content_hash.in_(shown), photos.c.listing_row != listing_row
    )
    query = select(listings, verdicts.c.text).select_from(_JOINED).where(_open(owner_id, EVERYTHING))
    query = query.where(verdicts.c.listing_row.in_(alike)).order_by(verdicts.c.listing_row)
    return judge_rows(connection, connection.execute(query.limit(limit)).all())


def count_answers(connection: Connection, owner_id: int) -> dict[VerdictKind, dict[ReviewAnswer, int]]:
    """How people answered for listings of each verdict; of each listing the answer that counts."""
    latest = select(func.max(reviews.c.review_id)).where(COUNTS).group_by(reviews.c.listing_row)
    query = (
        select(verdicts.c.verdict, reviews.c.answer, func.count())
        .join_from(reviews, verdicts, verdicts.c.listing_row == reviews.c.listing_row)
        .where(reviews.c.owner_id == owner_id, reviews.c.review_id.in_(latest))
        .group_by(verdicts.c.verdict, reviews.c.answer)
    )
    counts = {kind: dict.fromkeys(ReviewAnswer, 0) for kind in VerdictKind}
    for kind, answer, number in connection.execute(query):
        counts[VerdictKind(kind)][ReviewAnswer(answer)] = int(number)
    return counts


_JOINED = listings.join(verdicts, verdicts.c.listing_row == listings.c.listing_row)


def _open(owner_id: int, wanted: Wanted) -> Any:
    """The owner's listings that are not clear and that nobody has answered, as far as they are wanted."""
    kinds = FLAGGED if wanted.kind is None else (wanted.kind,)
    parts = [
        verdicts.c.owner_id == owner_id,
        verdicts.c.verdict.in_([kind.value for kind in kinds if kind in FLAGGED]),
        ~ANSWERED,
    ]
    if wanted.brand:
        parts.append(verdicts.c.brand == wanted.brand)
    if wanted.scan_id is not None:
        parts.append(verdicts.c.scan_id == wanted.scan_id)
    return and_(*parts)


def _place(connection: Connection, owner_id: int, listing_row: int) -> tuple[int, float, int] | None:
    query = select(_RANK, verdicts.c.score).where(
        verdicts.c.listing_row == listing_row, verdicts.c.owner_id == owner_id
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (len(FLAGGED) if row[0] is None else row[0], row[1], listing_row)


def _behind(place: tuple[int, float, int]) -> Any:
    rank, score, listing_row = place
    same = rank == _RANK
    return or_(
        rank < _RANK,
        and_(same, verdicts.c.score < score),
        and_(same, verdicts.c.score == score, verdicts.c.listing_row > listing_row),
    )
