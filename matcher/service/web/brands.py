"""The catalog's pages: brands, their images as a grid, uploads by the file, words and licensed sellers."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import JSONResponse

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
from matcher.errors import MatcherError
from matcher.records import ImageRole
from matcher.service import brands as api
from matcher.service import jobs, references
from matcher.service.paging import LARGEST
from matcher.service.problems import RefusedError
from matcher.service.web.frame import HEADERS, PageRoute, query, render, see_other
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
) -> Response:
    """A brand's images of one kind, a page at a time, and what it says of itself."""
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
        products=found[:SHOWN], following=following, after=after,
    )  # fmt: skip


@router.post("/brands/{brand_id}/images")
def upload(
    request: Request,
    visitor: Writer,
    brand_id: api.BrandId,
    photos: Annotated[list[UploadFile], File(min_length=1)],
    kind: Annotated[ImageRole, Form()] = ImageRole.REFERENCE,
) -> Response:
    """Each file as a reference, logo or known counterfeit of its name; how each of them went."""
    with visitor.caller.read() as connection:
        name = brand_name_of(connection, brand_id, owner_id=visitor.caller.owner_id)
    told = [_taken(visitor, brand_id, kind, photo) for photo in photos]
    status = HTTPStatus.UNPROCESSABLE_ENTITY if all(one["reason"] for one in told) else HTTPStatus.OK
    if request.headers.get("accept", "") == "application/json":
        return JSONResponse(told, status, HEADERS)
    return render(request, "uploaded.html", status, told=told, brand=name, brand_id=brand_id, kind=kind)


@router.post("/brands/{brand_id}/table")
def import_table(
    request: Request,
    visitor: Writer,
    brand_id: api.BrandId,
    manifest: Annotated[UploadFile, File()],
    kind: Annotated[ImageRole, Form()] = ImageRole.REFERENCE,
) -> Response:
    """Import a table whose images are addresses, as a job."""
    job = jobs.import_(visitor.caller, manifest, brand_id, kind)
    return see_other(request, f"/scans/{job.job_id}")


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
    return see_other(request, f"/brands/{brand_id}")


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


def _taken(visitor: Visitor, brand_id: int, kind: ImageRole, photo: UploadFile) -> dict[str, str]:
    """What became of one file; the rest goes on where it could not be taken."""
    name = PurePosixPath((photo.filename or "").replace("\\", "/")).name[:500] or "photo"
    told = {"name": name, "outcome": "", "reason": ""}
    try:
        put = references.put(visitor.caller, brand_id, PurePosixPath(name).stem or name, [photo], kind)
    except RefusedError as error:
        reason = error.errors[0].reason if error.errors else error.detail
        return told | {"reason": reason.removeprefix(f"0:{photo.filename}: ")}
    except MatcherError as error:
        return told | {"reason": str(error)}
    return told | {"outcome": put.outcome}


def _lines(text: str) -> list[str]:
    """What stands on each line, once."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
