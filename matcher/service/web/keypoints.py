"""The keypoints on which a listing's photo and a reference agree, computed when a page shows them."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Request, Response

from matcher.assembly import build_keypoints
from matcher.catalog import ImageStore, Scope
from matcher.config import Settings
from matcher.errors import MatcherError
from matcher.images import decode
from matcher.report.agreement import NOTHING, Agreement, agreement, lines_between
from matcher.service.access import Caller
from matcher.service.reviews import ReviewNumber, judged_listing
from matcher.service.web.frame import PageRoute, render
from matcher.service.web.showing import Shown, shown
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST_IMAGES = 6
"""Images of one product that are tried: each takes a tenth of a second or two."""
KEPT = 1_000
"""Agreements in memory, of some kilobytes each."""
SIDE, GAP = 490.0, 20.0
"""The two frames of a pair and what lies between, in thousandths of its width: as in pages.css."""
_one_at_a_time = threading.Lock()


@router.get("/review/{listing}/keypoints")
def keypoints(
    request: Request, visitor: Annotated[Visitor, admitted(Scope.REVIEWS_READ)], listing: ReviewNumber
) -> Response:
    """Photo and reference with lines between the points that agree; a script gets this part alone."""
    caller = visitor.caller
    with caller.read() as connection:
        found = shown(connection, caller, judged_listing(connection, caller, listing))
    best, agreed = best_agreement(caller, found)
    lines = []
    photo, reference = best.card.photo, best.card.reference
    if photo and reference:
        sizes = (photo.width, photo.height), (reference.width, reference.height)
        lines = list(lines_between(agreed, *sizes, SIDE, GAP))
    template = "pair.html" if "hx-request" in request.headers else "keypoints.html"
    return render(request, template, shown=best, agreed=agreed, lines=lines)


def best_agreement(caller: Caller, found: Shown) -> tuple[Shown, Agreement]:
    """The listing beside the product's image that agrees most with its photo, and where they agree."""
    photos = {one.position: one.content_hash for one in found.judged.photos if one.stored_hash}
    if found.leading is None or found.position not in photos:
        return found, NOTHING
    workspace, photo = caller.service.workspace, photos[found.position]
    images = found.leading.images[:MOST_IMAGES]
    agreed = [agreement_of(workspace.store, photo, one.content_hash, workspace.settings) for one in images]
    if not agreed:
        return found, NOTHING
    place = max(range(len(agreed)), key=lambda at: agreed[at].count)
    return found.beside(place), agreed[place]


@lru_cache(maxsize=KEPT)
def agreement_of(store: ImageStore, photo: str, reference: str, settings: Settings) -> Agreement:
    """Where two kept images agree; `NOTHING` where one of them is gone."""
    with _one_at_a_time:
        try:
            pictures = [decode(store.get(one), one, settings.images) for one in (photo, reference)]
        except MatcherError:
            return NOTHING
        return agreement(pictures[0].pixels, pictures[1].pixels, *build_keypoints(settings))
