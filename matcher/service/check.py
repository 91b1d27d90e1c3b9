"""`POST /v1/check`: one listing, its verdict in the answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from matcher.catalog import ExaminedListing, Scope
from matcher.errors import ImageError
from matcher.examining import Examined
from matcher.outputs import verdict_record
from matcher.records import Verdict
from matcher.service.access import Caller, allowed
from matcher.service.kept import keep
from matcher.service.offers import Given, described, given_in, read_all
from matcher.service.problems import RESPONSES, FieldProblem, RefusedError

router = APIRouter(prefix="/v1", tags=["checks"], responses=RESPONSES)


class Checked(BaseModel):
    """The verdict, photos that could not be examined, and the number under which a review waits, if any."""

    verdict: Verdict
    failed: list[FieldProblem]
    review: int | None = None


@router.post("/check", openapi_extra=described())
async def check(request: Request, caller: Annotated[Caller, allowed(Scope.CHECK)]) -> Checked:
    """Check one listing against the owner's catalog.

    Send JSON with the addresses of its photos, or a form with the files. Unless `keep` is set, nothing of the
    listing is kept.
    """
    given = await given_in(request, caller.service.workspace.settings)
    return await run_in_threadpool(_checked, caller, given)


def _checked(caller: Caller, given: Given) -> Checked:
    service, listing = caller.service, given.listing()
    photos = read_all(given, listing, service.fetcher, service.workspace.settings)

    def read(image: str) -> bytes:
        found = photos[image]
        if isinstance(found, ImageError):
            raise found
        return found

    examined = service.checks.examine(caller.owner_id, listing, read)
    failed = _failed(examined)
    if examined.result is None:
        detail = "none of the photos could be examined"
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=failed)
    verdict = Verdict.model_validate(verdict_record(examined.result.verdict))
    return Checked(verdict=verdict, failed=failed, review=_kept(caller, given, examined.result, photos))


def _failed(examined: Examined) -> list[FieldProblem]:
    return [FieldProblem(where=one.listing_id, reason=one.reason) for one in examined.failed]


def _kept(
    caller: Caller, given: Given, result: ExaminedListing, photos: dict[str, bytes | ImageError]
) -> int | None:
    if not given.offer.keep:
        return None
    blobs = {image: blob for image, blob in photos.items() if isinstance(blob, bytes)}
    return keep(caller, result, blobs)
