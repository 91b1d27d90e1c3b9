"""What waits for a person, and what people say; a confirmed fake becomes a known counterfeit at once."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from matcher.catalog import (
    GivenAnswer,
    JudgedListing,
    Scope,
    answer_listing,
    answers_after,
    find_judged,
    pending_reviews,
    review_history,
)
from matcher.errors import MissingError
from matcher.outputs import verdict_record
from matcher.records import ReviewAnswer, Verdict, VerdictKind
from matcher.service.access import Caller, allowed
from matcher.service.announcing import tell_of_answer
from matcher.service.paging import LARGEST, After, Limit, Page, page
from matcher.service.problems import RESPONSES, RefusedError
from matcher.service.references import Position, image_response

router = APIRouter(prefix="/v1", tags=["reviews"], responses=RESPONSES)
Reader = Annotated[Caller, allowed(Scope.REVIEWS_READ)]
Writer = Annotated[Caller, allowed(Scope.REVIEWS_WRITE)]
ReviewNumber = Annotated[int, Path(ge=1, le=LARGEST)]


class Judged(BaseModel):
    """A listing with its verdict; `number` names it in reviews, `photos` are positions that are kept."""

    number: int
    scan: int
    title: str
    description: str
    price: str | None
    currency: str
    seller_id: str
    url: str
    photos: list[int]
    verdict: Verdict


class Said(BaseModel):
    """One answer of a person."""

    answer: ReviewAnswer
    reviewer: str
    note: str
    time: datetime


class Decided(BaseModel):
    """An answer in the order they were given; `review` is its listing, `withdrawn` when it was taken back."""

    number: int
    review: int
    scan: int
    listing_id: str
    verdict: VerdictKind
    brand: str
    answer: ReviewAnswer
    reviewer: str
    note: str
    time: datetime
    withdrawn: datetime | None


class JudgedWithAnswers(Judged):
    """A listing and every answer, oldest first; the last one counts."""

    answers: list[Said]


class Answer(BaseModel):
    """`confirm`: it is a fake; `reject`: it is none. `brand` is whose fake it is, where not the verdict's."""

    model_config = ConfigDict(extra="forbid")

    answer: ReviewAnswer
    reviewer: str = Field("", max_length=200, description="Who says so; else the key.")
    note: str = Field("", max_length=10_000)
    brand: str = Field("", max_length=500)


class Answered(BaseModel):
    """`known_counterfeit`: how many of its photos are known counterfeits now.

    A photo that reuses the brand's own picture never becomes one: it would accuse everyone who shows it. Nor
    does any where neither answer nor verdict names a brand.
    """

    answer: ReviewAnswer
    known_counterfeit: int


@router.get("/reviews")
def pending(
    caller: Reader,
    scan: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
    after: After = 0,
    limit: Limit = 50,
) -> Page[Judged]:
    """What is not clear and has no answer yet, oldest first."""
    with caller.read() as connection:
        found = pending_reviews(
            connection, scan_id=scan, after=after, limit=limit + 1, owner_id=caller.owner_id
        )
    return page(found, limit, lambda one: one.listing_row, lambda one: Judged(**_facts(one)))


@router.get("/answers")
def answers(caller: Reader, after: After = 0, limit: Limit = 100) -> Page[Decided]:
    """What people answered, oldest first: ask again with the last `number` as `after` for what is new.

    Of several answers for a listing the last that was not taken back counts.
    """
    with caller.read() as connection:
        found = answers_after(connection, after, limit + 1, owner_id=caller.owner_id)
    return page(found, limit, lambda one: one.number, _decided)


@router.get("/reviews/{listing}")
def show(caller: Reader, listing: ReviewNumber) -> JudgedWithAnswers:
    """One listing, reviewed or not."""
    with caller.read() as connection:
        found = judged_listing(connection, caller, listing)
        answers = [
            Said(answer=one.answer, reviewer=one.reviewer, note=one.note, time=one.time)
            for one in review_history(connection, listing)
        ]
    return JudgedWithAnswers(**_facts(found), answers=answers)


@router.get(
    "/reviews/{listing}/photos/{position}",
    response_class=Response,
    responses={200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}},
)
def photo(caller: Reader, listing: ReviewNumber, position: Position) -> Response:
    """A photo of the listing as it is kept, without EXIF and GPS."""
    return image_response(caller, photo_hash(caller, listing, position))


def photo_hash(caller: Caller, listing: int, position: int) -> str:
    """The content hash of a kept photo; raises `MissingError` or `RefusedError` (404) where there is none."""
    with caller.read() as connection:
        found = judged_listing(connection, caller, listing)
    here = next((one for one in found.photos if one.position == position and one.stored_hash), None)
    if here is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"listing {listing} has no photo {position} that is kept")
    return here.content_hash


@router.post("/reviews/{listing}")
def answer(caller: Writer, listing: ReviewNumber, said: Answer) -> Answered:
    """Keep a person's answer; earlier ones stay on record, the last one counts.

    A confirmed fake is a known counterfeit from the next check on, until the answer changes.
    """
    with caller.write(f"review.{said.answer.value}", str(listing)) as connection:
        kept = keep_answer(connection, caller, listing, said)
    return Answered(answer=said.answer, known_counterfeit=kept)


def keep_answer(
    connection: Connection, caller: Caller, listing: int, said: Answer, time: datetime | None = None
) -> int:
    """Keep the answer as of `time` or now; how many photos are known counterfeits by it.

    Raises `MissingError` where the caller's owner has no such listing, `CatalogError` where what the answer
    names cannot be a brand.
    """
    found = judged_listing(connection, caller, listing)
    learnt = answer_listing(
        connection, found, said.answer, brand=said.brand,
        reviewer=said.reviewer or caller.prefix, note=said.note, time=time, owner_id=caller.owner_id,
    )  # fmt: skip
    tell_of_answer(connection, caller.owner_id, listing)
    return learnt.photos


def judged_listing(connection: Connection, caller: Caller, listing: int) -> JudgedListing:
    """The owner's listing with its verdict; raises `MissingError` where there is none."""
    found = find_judged(connection, listing, owner_id=caller.owner_id)
    if found is None:
        raise MissingError(f"there is no listing {listing} to review")
    return found


def _decided(one: GivenAnswer) -> Decided:
    facts = vars(one) | {"review": one.listing_row, "scan": one.scan_id}
    return Decided(**{name: facts[name] for name in Decided.model_fields})


def _facts(one: JudgedListing) -> dict[str, object]:
    offer = one.listing
    return {
        "number": one.listing_row,
        "scan": one.scan_id,
        "title": offer.title,
        "description": offer.description,
        "price": None if offer.price is None else str(offer.price),
        "currency": offer.currency,
        "seller_id": offer.seller_id,
        "url": offer.url,
        "photos": [photo.position for photo in one.photos if photo.stored_hash],
        "verdict": Verdict.model_validate(verdict_record(one.verdict)),
    }
