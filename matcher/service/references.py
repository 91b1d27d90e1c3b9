"""A brand's images: references, logos and known counterfeits, one at a time."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from fastapi import Path as InPath
from pydantic import BaseModel

from matcher.catalog import (
    ImportSummary,
    Product,
    brand_name_of,
    find_product,
    import_references,
    list_products,
    product_of,
    remove_product,
)
from matcher.containers.kinds import sniff
from matcher.errors import ImageError
from matcher.manifests import Row
from matcher.manifests.prices import Price, parse_price
from matcher.manifests.rows import BadCellError
from matcher.records import ImageRole, ReferenceRow
from matcher.service.access import Caller
from matcher.service.brands import BrandId, Reader, Writer
from matcher.service.offers import MOST_PHOTOS
from matcher.service.paging import LARGEST, After, Limit, Page, page
from matcher.service.problems import RESPONSES, FieldProblem, RefusedError

router = APIRouter(prefix="/v1", tags=["catalog"], responses=RESPONSES)
ReferenceNumber = Annotated[int, InPath(ge=1, le=LARGEST)]
Position = Annotated[int, InPath(ge=0, le=10_000)]
Text = Annotated[str, Form(max_length=500)]


class ShownImage(BaseModel):
    """An image that is kept; `position` counts a reference's images from 0, sizes are in pixels."""

    position: int
    source: str
    content_hash: str
    width: int
    height: int


class ShownReference(BaseModel):
    """A product, logo or known counterfeit; `number` names it in other requests."""

    number: int
    reference_id: str
    brand: str
    kind: ImageRole
    title: str
    price: str | None
    currency: str
    gtin: str
    images: list[ShownImage]


class PutReference(BaseModel):
    """What came of it: `added`, `changed` or `unchanged`; images that could not be taken are in `failed`."""

    outcome: str
    reference: ShownReference
    failed: list[FieldProblem]


@router.get("/references")
def references(
    caller: Reader,
    brand_id: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
    kind: ImageRole | None = None,
    after: After = 0,
    limit: Limit = 100,
) -> Page[ShownReference]:
    """The owner's references, logos and known counterfeits, in the order they came in."""
    with caller.read() as connection:
        brand = "" if brand_id is None else brand_name_of(connection, brand_id, owner_id=caller.owner_id)
        found = list_products(
            connection, brand=brand, role=kind, after=after, limit=limit + 1, owner_id=caller.owner_id
        )
    return page(found, limit, lambda one: one.product_id, shown)


@router.get("/references/{number}")
def show(caller: Reader, number: ReferenceNumber) -> ShownReference:
    """One of them."""
    with caller.read() as connection:
        return shown(product_of(connection, number, owner_id=caller.owner_id))


@router.get(
    "/references/{number}/images/{position}",
    response_class=Response,
    responses={200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}},
)
def image(caller: Reader, number: ReferenceNumber, position: Position) -> Response:
    """The image as it is kept, without EXIF and GPS."""
    return image_response(caller, image_hash(caller, number, position))


def image_hash(caller: Caller, number: int, position: int) -> str:
    """The content hash of the owner's image; raises `MissingError` or `RefusedError` (404) where none is."""
    with caller.read() as connection:
        found = product_of(connection, number, owner_id=caller.owner_id)
    here = next((one for one in found.images if one.position == position), None)
    if here is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"reference {number} has no image {position}")
    return here.content_hash


@router.delete("/references/{number}", status_code=HTTPStatus.NO_CONTENT)
def remove(caller: Writer, number: ReferenceNumber) -> None:
    """Remove it with its images."""
    with caller.write("reference.remove", str(number)) as connection:
        found = product_of(connection, number, owner_id=caller.owner_id)
        remove_product(connection, found.brand, found.reference_id, found.role, owner_id=caller.owner_id)


@router.post("/brands/{brand_id}/references")
def put(
    caller: Writer,
    brand_id: BrandId,
    reference_id: Annotated[str, Form(min_length=1, max_length=500, pattern=r"\S")],
    photos: Annotated[list[UploadFile], File(min_length=1, max_length=MOST_PHOTOS)],
    kind: Annotated[ImageRole, Form()] = ImageRole.REFERENCE,
    title: Text = "",
    price: Text = "",
    currency: Text = "",
    gtin: Text = "",
) -> PutReference:
    """Make the reference what is sent: its facts and exactly these images, of which bad ones are told.

    The same again changes nothing.
    """
    with caller.read() as connection:
        brand = brand_name_of(connection, brand_id, owner_id=caller.owner_id)
    amount = _price(price, currency)
    files = {f"{number}:{photo.filename or 'photo'}"[:500]: photo for number, photo in enumerate(photos)}
    row = ReferenceRow(
        reference_id=reference_id, images=tuple(files), title=title, brand=brand,
        price=amount.amount, currency=amount.currency, gtin=gtin,
    )  # fmt: skip
    summary = _imported(caller, brand, kind, row, files)
    with caller.read() as connection:
        found = find_product(connection, brand, reference_id, kind, owner_id=caller.owner_id)
    failed = [FieldProblem(where="photos", reason=one.reason) for one in summary.failed]
    if found is None or not (summary.added or summary.changed or summary.unchanged):
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "no image could be taken in", errors=failed)
    outcome = "added" if summary.added else "changed" if summary.changed else "unchanged"
    return PutReference(outcome=outcome, reference=shown(found), failed=failed)


def _price(price: str, currency: str) -> Price:
    try:
        return parse_price(price, currency)
    except BadCellError as error:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"price, currency: {error}") from error


def _imported(
    caller: Caller, brand: str, kind: ImageRole, row: ReferenceRow, files: dict[str, UploadFile]
) -> ImportSummary:
    workspace = caller.service.workspace
    limit = workspace.settings.images.max_bytes

    def read(name: str) -> bytes:
        blob = files[name].file.read(limit + 1)
        if len(blob) > limit:
            raise ImageError(name, f"is larger than {limit:,} bytes (images.max_bytes)")
        return blob

    summary = import_references(
        workspace.database, workspace.store, [Row(1, row)], read,
        brand=brand, role=kind, settings=workspace.settings.images, source="photos", owner_id=caller.owner_id,
        record=caller.recording("reference.put", lambda _: f"{brand}: {kind.value} {row.reference_id}"),
    )  # fmt: skip
    if summary.added or summary.changed:
        caller.effected()
    return summary


def image_response(caller: Caller, content_hash: str) -> Response:
    """The kept file, told as what its bytes are, never as a page."""
    blob = caller.service.workspace.store.get(content_hash)
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=3600",
    }
    return Response(blob, headers=headers, media_type=f"image/{(sniff(blob) or 'png').lower()}")


def shown(product: Product) -> ShownReference:
    """The product as it is shown."""
    return ShownReference(
        number=product.product_id,
        reference_id=product.reference_id,
        brand=product.brand,
        kind=product.role,
        title=product.title,
        price=None if product.price is None else str(product.price),
        currency=product.currency,
        gtin=product.gtin,
        images=[
            ShownImage(
                position=one.position, source=one.source, content_hash=one.content_hash,
                width=one.width, height=one.height,
            )
            for one in product.images
        ],
    )  # fmt: skip
