"""API keys on pages: listed, made, replaced and ended; an admin does so for any owner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from matcher.catalog import DEFAULT_RATE, Scope, list_keys, list_owners, revoke_key, rotate_key
from matcher.errors import MissingError, UsageError
from matcher.service import keys as api
from matcher.service.paging import LARGEST
from matcher.service.web.frame import PageRoute, query, render, see_other
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Keeper = Annotated[Visitor, admitted(Scope.KEYS)]
Owner = Annotated[int | None, Query(ge=1, le=LARGEST)]
OwnerField = Annotated[int | None, Form(alias="owner", ge=1, le=LARGEST)]
MAY = {
    Scope.CHECK: "check listings",
    Scope.CATALOG_READ: "see brands, logos and references",
    Scope.CATALOG_WRITE: "change brands, logos and references",
    Scope.REVIEWS_READ: "see what waits for a person",
    Scope.REVIEWS_WRITE: "answer reviews",
    Scope.SCANS_READ: "see scans and their verdicts",
    Scope.SCANS_WRITE: "start, cancel and retry scans",
    Scope.HASHES: "hash photos and look hashes up",
    Scope.UPLOADS: "send files in parts",
    Scope.WEBHOOKS: "see and change webhooks",
    Scope.AUDIT: "read who did what",
    Scope.KEYS: "make, replace and revoke keys",
    Scope.ADMIN: "make owners, and keys of any owner",
}
"""What each scope lets a key do, in a few words."""
Grace = Annotated[int, Form(ge=0, le=30 * 86_400)]


@router.get("/keys")
def keys(request: Request, visitor: Keeper, owner: Owner = None) -> Response:
    """The owner's keys; an admin may look at another owner's."""
    return _page(request, visitor, _owner(visitor, owner))


@router.post("/keys")
def make(
    request: Request,
    visitor: Keeper,
    scopes: Annotated[list[Scope] | None, Form()] = None,
    label: Annotated[str, Form(max_length=200)] = "",
    days: Annotated[int, Form(ge=0, le=3_650)] = 0,
    requests_per_minute: Annotated[int, Form(ge=1, le=1_000_000)] = DEFAULT_RATE,
    owner: OwnerField = None,
) -> Response:
    """A new key, whose secret the answer tells this once; `days` 0: it does not expire."""
    owner_id = _owner(visitor, owner)
    if not scopes:
        raise UsageError("choose what the key may do")
    beyond = sorted(set(scopes) - visitor.caller.scopes)
    if beyond:
        raise UsageError(f"you may not do {', '.join(beyond)} yourself and can give it to no key")
    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    wanted = api.NewKey(scopes=scopes, label=label, expires=expires, requests_per_minute=requests_per_minute)
    return _page(request, visitor, owner_id, made=api.issued(visitor.caller, owner_id, wanted))


@router.post("/keys/{prefix}/rotate")
def rotate(
    request: Request, visitor: Keeper, prefix: api.Prefix, grace: Grace = 0, owner: OwnerField = None
) -> Response:
    """A new key like this one; the old one ends after `grace` seconds."""
    owner_id = _owner(visitor, owner)
    with visitor.caller.write("key.rotate", prefix, owner_id=owner_id) as connection:
        key, secret = rotate_key(connection, owner_id, prefix, grace=timedelta(seconds=grace))
    made = api.KeyWithSecret.model_validate(api.facts(key) | {"secret": secret})
    return _page(request, visitor, owner_id, made=made)


@router.post("/keys/{prefix}/revoke")
def revoke(request: Request, visitor: Keeper, prefix: api.Prefix, owner: OwnerField = None) -> Response:
    """End the key at once."""
    owner_id = _owner(visitor, owner)
    with visitor.caller.write("key.revoke", prefix, owner_id=owner_id) as connection:
        revoke_key(connection, owner_id, prefix)
    return see_other(request, "/keys" + query(owner=owner))


def _owner(visitor: Visitor, wanted: int | None) -> int:
    """Whose keys are meant; raises `MissingError` for another owner, unless an admin asks."""
    own = visitor.caller.owner_id
    if wanted is None or wanted == own:
        return own
    with visitor.caller.read() as connection:
        if visitor.may(Scope.ADMIN) and wanted in list_owners(connection):
            return wanted
    raise MissingError(f"there is no owner {wanted}")


def _page(
    request: Request, visitor: Visitor, owner_id: int, made: api.KeyWithSecret | None = None
) -> Response:
    with visitor.caller.read() as connection:
        found = list_keys(connection, owner_id)[::-1]
        owners = list_owners(connection) if visitor.may(Scope.ADMIN) else {}
    now = datetime.now(UTC)
    ended = {one.prefix for one in found if one.revoked or (one.expires is not None and one.expires <= now)}
    return render(
        request, "keys.html", keys=found, ended=ended, made=made, owner_id=owner_id, owners=owners,
        scopes=[one for one in Scope if one in visitor.caller.scopes], rate=DEFAULT_RATE, may=MAY,
    )  # fmt: skip
