"""The review pages: one listing after the other, answered by button or key, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from sqlalchemy import Connection

from matcher.catalog import (
    JudgedListing,
    Review,
    Scope,
    Wanted,
    apply_answer,
    brands_waiting,
    count_waiting,
    find_judged,
    last_answers,
    latest_review,
    list_brands,
    listings_with_photos_of,
    neighbours,
    review_history,
    waiting,
    withdraw_answers,
)
from matcher.records import ReviewAnswer, VerdictKind
from matcher.report.pdf import can_write
from matcher.service.announcing import tell_of_answer
from matcher.service.paging import LARGEST
from matcher.service.reviews import Answer, ReviewNumber, judged_listing, keep_answer
from matcher.service.web.frame import PageRoute, query, render, see_other
from matcher.service.web.showing import shown
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Reader = Annotated[Visitor, admitted(Scope.REVIEWS_READ)]
Writer = Annotated[Visitor, admitted(Scope.REVIEWS_WRITE)]
UNDO_WITHIN = timedelta(hours=12)
MOST_AT_ONCE = 100
"""Listings of one photo that are answered together."""


def wanted_in(
    kind: str = "", brand: str = "", scan: Annotated[int | None, Query(ge=1, le=LARGEST)] = None
) -> Wanted:
    """What the address asks for; a kind that is none asks for all."""
    known = {one.value for one in (VerdictKind.COUNTERFEIT, VerdictKind.REVIEW)}
    return Wanted(VerdictKind(kind) if kind in known else None, brand, scan)


Filter = Annotated[Wanted, Depends(wanted_in)]


@router.get("/review")
def first(request: Request, visitor: Reader, wanted: Filter) -> Response:
    """The most suspicious listing that waits, or the page that says that none does."""
    with visitor.caller.read() as connection:
        found = waiting(connection, visitor.caller.owner_id, wanted, limit=1)
        if found:
            return see_other(request, address(found[0].listing_row, wanted))
        return render(request, "review_none.html", **_around(connection, visitor, wanted))


@router.post("/review/undo")
def undo(request: Request, visitor: Writer, wanted: Filter) -> Response:
    """Take back the visitor's last answer, with all that was answered at once."""
    caller, me = visitor.caller, visitor.account.name
    with caller.write("review.withdraw", lambda: ", ".join(map(str, rows))) as connection:
        rows = withdraw_answers(connection, me, since=_lately(), owner_id=caller.owner_id)
        for row in rows:
            _as_answered_before(connection, caller.owner_id, row)
            tell_of_answer(connection, caller.owner_id, row)
    return see_other(request, address(rows[0], wanted) if rows else "/review" + filter_query(wanted))


@router.get("/review/{listing}")
def show(request: Request, visitor: Reader, listing: ReviewNumber, wanted: Filter) -> Response:
    """One listing, reviewed or not, beside what it was held against."""
    caller = visitor.caller
    with caller.read() as connection:
        judged = judged_listing(connection, caller, listing)
        before, behind = neighbours(connection, caller.owner_id, listing, wanted)
        alike = listings_with_photos_of(connection, caller.owner_id, listing, limit=MOST_AT_ONCE + 1)
        return render(
            request,
            "review.html",
            shown=shown(connection, caller, judged),
            before=address(before, wanted) if before else "",
            behind=address(behind, wanted) if behind else "",
            cluster=alike[:MOST_AT_ONCE],
            more=len(alike) > MOST_AT_ONCE,
            pdf=can_write(),
            history=review_history(connection, listing),
            all_brands=[one.name for one in list_brands(connection, owner_id=caller.owner_id)],
            **_around(connection, visitor, wanted),
        )


@router.post("/review/{listing}")
def answer(
    request: Request,
    visitor: Writer,
    listing: ReviewNumber,
    wanted: Filter,
    answer: Annotated[ReviewAnswer, Form()],
    note: Annotated[str, Form(max_length=10_000)] = "",
    fake_of: Annotated[str, Form(max_length=500)] = "",
    also: Annotated[list[int] | None, Form(max_length=MOST_AT_ONCE)] = None,
) -> Response:
    """Keep the answer, for the listings in `also` too, and go on to the next that waits."""
    caller = visitor.caller
    rows = list(dict.fromkeys([listing, *(also or [])]))
    said = Answer(answer=answer, reviewer=visitor.account.name, note=note, brand=fake_of)
    time = datetime.now(UTC)
    with caller.write(f"review.{answer.value}", ", ".join(map(str, rows))) as connection:
        for row in rows:
            keep_answer(connection, caller, row, said, time)
    with caller.read() as connection:
        _, behind = neighbours(connection, caller.owner_id, listing, wanted)
    return see_other(request, address(behind, wanted) if behind else "/review" + filter_query(wanted))


def address(listing: int, wanted: Wanted) -> str:
    """The page of a listing, under the same filter."""
    return f"/review/{listing}{filter_query(wanted)}"


def filter_query(wanted: Wanted) -> str:
    """The filter as it stands in an address."""
    return query(kind=wanted.kind.value if wanted.kind else "", brand=wanted.brand, scan=wanted.scan_id)


def _around(connection: Connection, visitor: Visitor, wanted: Wanted) -> dict[str, Any]:
    """What stands around a listing: filter, counts, and what was answered last."""
    owner_id = visitor.caller.owner_id
    last = last_answers(connection, visitor.account.name, since=_lately(), owner_id=owner_id)
    return {
        "wanted": wanted,
        "filter": filter_query(wanted),
        "counts": count_waiting(connection, owner_id, Wanted(brand=wanted.brand, scan_id=wanted.scan_id)),
        "brands": brands_waiting(connection, owner_id),
        "last": _named(connection, owner_id, last),
    }


def _named(
    connection: Connection, owner_id: int, last: Sequence[Review]
) -> tuple[ReviewAnswer, JudgedListing, int] | None:
    """The last answer, the first of its listings, and how many more there are."""
    for review in last:
        judged = find_judged(connection, review.listing_row, owner_id=owner_id)
        if judged is not None:
            return review.answer, judged, len(last) - 1
    return None


def _as_answered_before(connection: Connection, owner_id: int, listing: int) -> None:
    """Make the known counterfeits what the answer that counts now says."""
    judged = find_judged(connection, listing, owner_id=owner_id)
    if judged is None:
        return
    latest = latest_review(connection, listing)
    apply_answer(connection, judged, latest.answer if latest else None, owner_id=owner_id)


def _lately() -> datetime:
    return datetime.now(UTC) - UNDO_WITHIN
