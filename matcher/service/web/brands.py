"""The catalog's pages: brands, their images as a grid, words and licensed sellers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from matcher.catalog import (
    Scope,
    brand_id_of,
    brand_name_of,
    count_products,
    first_images,
    list_brands,
    list_products,
    product_of,
    show_brand,
)
from matcher.records import ImageRole
from matcher.service import brands as api
from matcher.service import references
from matcher.service.paging import LARGEST
from matcher.service.problems import RefusedError
from matcher.service.web.frame import PageRoute, query, render, see_other
from matcher.service.web.visiting import Visitor, admitted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Reader = Annotated[Visitor, admitted(Scope.CATALOG_READ)]
Writer = Annotated[Visitor, admitted(Scope.CATALOG_WRITE)]
Lines = Annotated[str, Form(max_length=1_000_000)]
SHOWN = 60
"""Images on one page."""


@router.get("/brands")
def brands(request: Request, visitor: Reader) -> Response:
    """The owner's brands."""
    owner_id = visitor.caller.owner_id
    with visitor.caller.read() as connection:
        found = list_brands(connection, owner_id=owner_id)
        numbers = {one.name: brand_id_of(connection, one.name, owner_id=owner_id) for one in found}
        pictures, counts = first_images(connection, owner_id), count_products(connection, owner_id)
    return render(
        request, "brands.html", brands=found, numbers=numbers, pictures=pictures, counts=counts,
        nothing=dict.fromkeys(ImageRole, 0),
    )  # fmt: skip


@router.post("/brands")
def add(
    request: Request,
    visitor: Writer,
    name: Annotated[str, Form(min_length=1, max_length=500, pattern=r"\S")],
    wordmarks: Lines = "",
) -> Response:
    """A new brand, or more wordmarks for the one of that name."""
    made = api.add(visitor.caller, api.NewBrand(name=name.strip(), wordmarks=_lines(wordmarks)))
    return see_other(request, f"/brands/{made.brand_id}")


@router.get("/brands/{brand_id}")
def brand(
    request: Request,
    visitor: Reader,
    brand_id: api.BrandId,
    kind: ImageRole = ImageRole.REFERENCE,
    after: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
    saved: bool = False,
) -> Response:
    """A brand's images of one kind, a page at a time, and what it says of itself; `saved`: as asked."""
    owner_id = visitor.caller.owner_id
    with visitor.caller.read() as connection:
        name = brand_name_of(connection, brand_id, owner_id=owner_id)
        found = list_products(
            connection, brand=name, role=kind, after=after, limit=SHOWN + 1, owner_id=owner_id
        )
        counts = count_products(connection, owner_id).get(brand_id, dict.fromkeys(ImageRole, 0))
        facts = show_brand(connection, name, owner_id=owner_id)
    following = found[SHOWN - 1].product_id if len(found) > SHOWN else None
    return render(
        request, "brand.html", brand=facts, brand_id=brand_id, kind=kind, counts=counts,
        products=found[:SHOWN], following=following, after=after, saved=saved,
    )  # fmt: skip


@router.post("/brands/{brand_id}/facts")
def change(
    request: Request, visitor: Writer, brand_id: api.BrandId, wordmarks: Lines = "", sellers: Lines = ""
) -> Response:
    """Make the brand's wordmarks and licensed sellers exactly these lines; registrations stay."""
    shown = api.show(visitor.caller, brand_id)
    words, licensed = _lines(wordmarks), _lines(sellers)
    try:
        facts = api.BrandFacts(wordmarks=words, licensed_sellers=licensed, trademarks=shown.trademarks)
    except ValueError as error:
        detail = "a line is longer than 500 characters, or there are too many"
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, detail) from error
    api.replace(visitor.caller, brand_id, facts)
    return see_other(request, f"/brands/{brand_id}?saved=true")


@router.post("/brands/{brand_id}/remove")
def remove(request: Request, visitor: Writer, brand_id: api.BrandId) -> Response:
    """Remove the brand with everything of it."""
    api.remove(visitor.caller, brand_id)
    return see_other(request, "/brands")


@router.post("/references/{number}/remove")
def remove_reference(request: Request, visitor: Writer, number: references.ReferenceNumber) -> Response:
    """Remove a reference, logo or known counterfeit with its images."""
    owner_id = visitor.caller.owner_id
    with visitor.caller.read() as connection:
        found = product_of(connection, number, owner_id=owner_id)
        brand_id = brand_id_of(connection, found.brand, owner_id=owner_id)
    references.remove(visitor.caller, number)
    return see_other(request, f"/brands/{brand_id}{query(kind=found.role.value)}")


def _lines(text: str) -> list[str]:
    """What stands on each line, once."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
