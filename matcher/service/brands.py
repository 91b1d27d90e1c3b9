"""Brands: their wordmarks, licensed sellers and trademark registrations."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from matcher.catalog import (
    Scope,
    add_brand,
    brand_id_of,
    brand_name_of,
    list_brands,
    remove_brand,
    replace_brand,
    show_brand,
)
from matcher.records import Brand, Trademark
from matcher.service.access import Caller, allowed
from matcher.service.paging import LARGEST
from matcher.service.problems import RESPONSES

router = APIRouter(prefix="/v1", tags=["catalog"], responses=RESPONSES)
Reader = Annotated[Caller, allowed(Scope.CATALOG_READ)]
Writer = Annotated[Caller, allowed(Scope.CATALOG_WRITE)]
BrandId = Annotated[int, Path(ge=1, le=LARGEST)]
Word = Annotated[str, Field(min_length=1, max_length=500)]


class Registration(BaseModel):
    """A trademark registration: its office (WIPO ST.3, such as EM), its number and its Nice classes."""

    model_config = ConfigDict(extra="forbid")

    office: str = Field(pattern="^[A-Z]{2}$")
    number: str = Field(min_length=1, max_length=100)
    nice_classes: list[Annotated[int, Field(ge=1, le=45)]] = Field(default_factory=list, max_length=45)


class BrandFacts(BaseModel):
    """What a brand says of itself."""

    model_config = ConfigDict(extra="forbid")

    wordmarks: list[Word] = Field(default_factory=list, max_length=1000)
    licensed_sellers: list[Word] = Field(default_factory=list, max_length=100_000)
    trademarks: list[Registration] = Field(default_factory=list, max_length=1000)


class NewBrand(BrandFacts):
    """A brand by its name, which is its wordmark where none is given."""

    name: str = Field(min_length=1, max_length=500, pattern=r"\S")


class ShownBrand(NewBrand):
    """A brand; `brand_id` names it in other requests."""

    brand_id: int


@router.get("/brands")
def brands(caller: Reader) -> list[ShownBrand]:
    """The owner's brands, by name."""
    with caller.read() as connection:
        found = list_brands(connection, owner_id=caller.owner_id)
        return [_shown(connection, caller, brand) for brand in found]


@router.post("/brands", status_code=HTTPStatus.CREATED)
def add(caller: Writer, wanted: NewBrand) -> ShownBrand:
    """Add a brand, or add to the one of that name; what is known of it stays."""
    words = wanted.wordmarks or [wanted.name]
    with caller.write("brand.add", wanted.name) as connection:
        add_brand(connection, _brand(wanted.name, wanted, words), owner_id=caller.owner_id)
        return _shown(connection, caller, show_brand(connection, wanted.name, owner_id=caller.owner_id))


@router.get("/brands/{brand_id}")
def show(caller: Reader, brand_id: BrandId) -> ShownBrand:
    """One brand."""
    with caller.read() as connection:
        name = brand_name_of(connection, brand_id, owner_id=caller.owner_id)
        return _shown(connection, caller, show_brand(connection, name, owner_id=caller.owner_id))


@router.put("/brands/{brand_id}")
def replace(caller: Writer, brand_id: BrandId, wanted: BrandFacts) -> ShownBrand:
    """Make the brand's wordmarks, sellers and registrations exactly these, in this order."""
    with caller.write("brand.replace", str(brand_id)) as connection:
        name = brand_name_of(connection, brand_id, owner_id=caller.owner_id)
        replace_brand(connection, _brand(name, wanted, wanted.wordmarks), owner_id=caller.owner_id)
        return _shown(connection, caller, show_brand(connection, name, owner_id=caller.owner_id))


@router.delete("/brands/{brand_id}", status_code=HTTPStatus.NO_CONTENT)
def remove(caller: Writer, brand_id: BrandId) -> None:
    """Remove the brand with its references, logos and known counterfeits."""
    with caller.write("brand.remove", str(brand_id)) as connection:
        name = brand_name_of(connection, brand_id, owner_id=caller.owner_id)
        remove_brand(connection, name, owner_id=caller.owner_id)


def _brand(name: str, said: BrandFacts, words: list[str]) -> Brand:
    registrations = (Trademark(**one.model_dump()) for one in said.trademarks)
    return Brand(
        name=name,
        wordmarks=tuple(words),
        licensed_sellers=tuple(said.licensed_sellers),
        trademarks=tuple(registrations),
    )


def _shown(connection: Connection, caller: Caller, brand: Brand) -> ShownBrand:
    facts: dict[str, Any] = brand.model_dump(mode="json")
    return ShownBrand(**facts, brand_id=brand_id_of(connection, brand.name, owner_id=caller.owner_id))
