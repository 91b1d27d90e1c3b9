"""How far the galleries are: how many of the owner's images are searched, and how many will be."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from matcher.catalog import count_images, newest_change
from matcher.records import ImageRole
from matcher.service.brands import Reader
from matcher.service.problems import RESPONSES

router = APIRouter(prefix="/v1", tags=["catalog"], responses=RESPONSES)


class GalleryStatus(BaseModel):
    """`catalog` is the owner's newest change, `searched` the newest that the open examiner knows.

    `searched` is null until the first check opens one; a check always brings it up first.
    """

    images: dict[ImageRole, int]
    catalog: int
    searched: int | None
    snapshot: str | None


@router.get("/galleries")
def status(caller: Reader) -> GalleryStatus:
    """What is searched for this owner."""
    with caller.read() as connection:
        counts = count_images(connection, owner_id=caller.owner_id)
        newest = newest_change(connection, caller.owner_id)
    searched, snapshot = caller.service.checks.state_of(caller.owner_id) or (None, None)
    return GalleryStatus(images=counts, catalog=newest, searched=searched, snapshot=snapshot)
