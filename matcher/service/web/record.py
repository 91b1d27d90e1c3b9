"""The record of who did what, newest first; of other owners an admin sees who may do what."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from matcher.catalog import Scope, list_owners, newest_acts
from matcher.service.paging import LARGEST
from matcher.service.web.acts import acts_called, phrase_of
from matcher.service.web.frame import PageRoute, render
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SHOWN = 100


@router.get("/record")
def record(
    request: Request,
    visitor: Annotated[Visitor, admitted(Scope.AUDIT)],
    q: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
) -> Response:
    """What was done to what is the owner's, and by whom, that holds `q` anywhere."""
    admin, text = visitor.may(Scope.ADMIN), q.strip()
    with visitor.caller.read() as connection:
        found = newest_acts(
            connection, visitor.caller.owner_id, before=before, limit=SHOWN + 1, text=text,
            named=acts_called(text) if text else (), access_of_all=admin,
        )  # fmt: skip
        owners = list_owners(connection) if admin else {}
    older = found[SHOWN - 1].audit_id if len(found) > SHOWN else None
    return render(
        request,
        "record.html",
        acts=found[:SHOWN],
        older=older,
        before=before,
        q=text,
        owners=owners,
        phrase_of=phrase_of,
    )
