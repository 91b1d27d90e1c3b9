"""A caller's own keys, and the record of what was done with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from matcher.catalog import (
    DEFAULT_RATE,
    ApiKey,
    Scope,
    issue_key,
    list_acts,
    list_keys,
    revoke_key,
    rotate_key,
)
from matcher.service.access import Caller, allowed
from matcher.service.idempotency import told_once
from matcher.service.paging import After, Limit, Page, page
from matcher.service.problems import RESPONSES, RefusedError

router = APIRouter(prefix="/v1", tags=["access"], responses=RESPONSES)
Auditor = Annotated[Caller, allowed(Scope.AUDIT)]
Keeper = Annotated[Caller, allowed(Scope.KEYS)]
Prefix = Annotated[str, Path(pattern="^[0-9A-Za-z_]{1,32}$")]
Grace = Annotated[int, Query(ge=0, le=30 * 86_400, description="Seconds that the old key still lasts.")]


class NewKey(BaseModel):
    """What a key shall be able to do, and how often and how long."""

    model_config = ConfigDict(extra="forbid")

    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    label: str = Field("", max_length=200)
    expires: AwareDatetime | None = None
    requests_per_minute: int = Field(DEFAULT_RATE, ge=1, le=1_000_000)


class Key(BaseModel):
    """A key as it is shown: by its prefix."""

    prefix: str
    owner_id: int
    label: str
    scopes: list[Scope]
    requests_per_minute: int
    created: datetime
    expires: datetime | None
    revoked: datetime | None


class KeyWithSecret(Key):
    """A new key; `secret` is told this once and cannot be found again."""

    secret: str


class Done(BaseModel):
    """One act on record."""

    audit_id: int
    actor: str
    action: str
    target: str
    request_id: str
    time: datetime


@router.get("/keys")
def keys(caller: Keeper) -> list[Key]:
    """The owner's keys, also those that have ended."""
    with caller.read() as connection:
        return [Key.model_validate(facts(key)) for key in list_keys(connection, caller.owner_id)]


@router.post("/keys", status_code=HTTPStatus.CREATED, dependencies=[Depends(told_once)])
def make(caller: Keeper, wanted: NewKey) -> KeyWithSecret:
    """A new key of this owner, with scopes that the asking key has itself."""
    beyond = sorted(set(wanted.scopes) - caller.scopes)
    if beyond:
        raise RefusedError(
            HTTPStatus.FORBIDDEN, f"the asking key lacks {', '.join(beyond)} itself and gives it to none"
        )
    return issued(caller, caller.owner_id, wanted)


@router.post("/keys/{prefix}/rotate", status_code=HTTPStatus.CREATED, dependencies=[Depends(told_once)])
def rotate(caller: Keeper, prefix: Prefix, grace_seconds: Grace = 0) -> KeyWithSecret:
    """A new key like this one; the old one ends after `grace_seconds`."""
    with caller.write("key.rotate", prefix) as connection:
        key, secret = rotate_key(connection, caller.owner_id, prefix, grace=timedelta(seconds=grace_seconds))
    return KeyWithSecret.model_validate(facts(key) | {"secret": secret})


@router.delete("/keys/{prefix}")
def revoke(caller: Keeper, prefix: Prefix) -> Key:
    """End a key at once."""
    with caller.write("key.revoke", prefix) as connection:
        return Key.model_validate(facts(revoke_key(connection, caller.owner_id, prefix)))


@router.get("/audit")
def audit(caller: Auditor, after: After = 0, limit: Limit = 100) -> Page[Done]:
    """What was done to what belongs to this owner, and with which key, oldest first."""
    with caller.read() as connection:
        acts = list_acts(connection, caller.owner_id, after=after, limit=limit + 1)
    return page(acts, limit, lambda act: act.audit_id, lambda act: Done.model_validate(vars(act)))


def issued(caller: Caller, owner_id: int, wanted: NewKey) -> KeyWithSecret:
    """Issue the key for `owner_id` and put it on record."""
    with caller.write("key.issue", ", ".join(wanted.scopes), owner_id=owner_id) as connection:
        key, secret = issue_key(
            connection, owner_id, wanted.scopes, label=wanted.label, expires=wanted.expires,
            requests_per_minute=wanted.requests_per_minute,
        )  # fmt: skip
    return KeyWithSecret.model_validate(facts(key) | {"secret": secret})


def facts(key: ApiKey) -> dict[str, object]:
    """The key, ready for `Key`."""
    return {**vars(key), "scopes": sorted(key.scopes)}
