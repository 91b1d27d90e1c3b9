"""Owners and their first keys: for the admin, who sees nothing else of theirs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from matcher.catalog import Scope, add_owner, list_owners
from matcher.service.access import Caller, allowed
from matcher.service.idempotency import told_once
from matcher.service.keys import KeyWithSecret, NewKey, issued
from matcher.service.paging import LARGEST
from matcher.service.problems import RESPONSES

router = APIRouter(prefix="/v1", tags=["access"], responses=RESPONSES)
Admin = Annotated[Caller, allowed(Scope.ADMIN)]
OwnerId = Annotated[int, Path(ge=1, le=LARGEST)]


class NewOwner(BaseModel):
    """A brand company or a marketplace, by a name of its own."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, pattern=r"\S")


class Owner(BaseModel):
    """An owner; `owner_id` is what its keys belong to."""

    owner_id: int
    name: str


@router.get("/owners")
def owners(caller: Admin) -> list[Owner]:
    """Every owner."""
    with caller.read() as connection:
        return [Owner(owner_id=number, name=name) for number, name in list_owners(connection).items()]


@router.post("/owners", status_code=HTTPStatus.CREATED)
def add(caller: Admin, wanted: NewOwner) -> Owner:
    """A new owner, or the one that has this name already."""
    with caller.write("owner.add", wanted.name) as connection:
        return Owner(owner_id=add_owner(connection, wanted.name), name=wanted.name)


@router.post("/owners/{owner_id}/keys", status_code=HTTPStatus.CREATED, dependencies=[Depends(told_once)])
def give_key(caller: Admin, owner_id: OwnerId, wanted: NewKey) -> KeyWithSecret:
    """A new key of that owner, with any scopes."""
    return issued(caller, owner_id, wanted)
