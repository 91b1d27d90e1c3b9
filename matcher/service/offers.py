"""A listing to check, as it comes in a request: JSON with its photos' addresses, or a form with files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from matcher.config import Settings
from matcher.errors import ImageError
from matcher.fetch import Fetcher
from matcher.manifests.prices import parse_price
from matcher.manifests.rows import BadCellError
from matcher.records import Listing
from matcher.service.problems import RefusedError

MOST_PHOTOS = 100
FIELD_BYTES = 256 * 1024
FILES = "photos"


class Offer(BaseModel):
    """What is offered; `images` are http(s) addresses. With `keep`, what is not clear waits for a review."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    listing_id: str = Field("", max_length=500, description="Comes back in the verdict.")
    images: list[str] = Field(default_factory=list, max_length=MOST_PHOTOS)
    title: str = Field("", max_length=10_000)
    description: str = Field("", max_length=100_000)
    price: str = Field("", max_length=100, description="Such as 19.90 or '19,90 €'.")
    currency: str = Field("", max_length=10, description="Such as EUR; without one no price is compared.")
    seller_id: str = Field("", max_length=500)
    url: str = Field("", max_length=8_192)
    keep: bool = Field(False, description="Keep the listing for a review, unless it is clear.")


@dataclass(frozen=True)
class Given:
    """An offer and the files that came with it, by the names that stand for them."""

    offer: Offer
    files: Mapping[str, bytes | ImageError]

    def listing(self) -> Listing:
        """The listing; raises `RefusedError` (422) without a photo, or for a price that cannot be read."""
        images = (*self.files, *self.offer.images)
        if not images:
            raise RefusedError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"there is no photo: give images (addresses) or {FILES} (files)",
            )
        try:
            price = parse_price(self.offer.price, self.offer.currency)
        except BadCellError as error:
            raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"price, currency: {error}") from error
        facts = self.offer.model_dump(include={"title", "description", "seller_id", "url"})
        name = self.offer.listing_id or images[0]
        return Listing(listing_id=name, images=images, price=price.amount, currency=price.currency, **facts)


def described() -> dict[str, Any]:
    """The request's body for OpenAPI: the same fields either way."""
    schema = Offer.model_json_schema()
    fields = {name: part for name, part in schema["properties"].items() if name != "images"}
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    form = {"type": "object", "properties": {**fields, FILES: files}, "required": [FILES]}
    content = {"application/json": {"schema": schema}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


async def given_in(request: Request, settings: Settings) -> Given:
    """What the request offers; raises `RequestValidationError`, or `RefusedError` (415) for another kind."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            return Given(Offer.model_validate_json(await request.body()), {})
        if kind == "multipart/form-data":
            return await _in_form(request, settings)
    except ValidationError as error:
        places = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(places) from error
    raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json or multipart/form-data")


async def _in_form(request: Request, settings: Settings) -> Given:
    async with request.form(
        max_files=MOST_PHOTOS, max_fields=2 * len(Offer.model_fields), max_part_size=FIELD_BYTES
    ) as form:
        fields: dict[str, Any] = {}
        files: dict[str, bytes | ImageError] = {}
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                if name != FILES:
                    raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"files are to be called '{FILES}'")
                files[f"upload:{len(files)}"] = await _content(value, len(files), settings)
            else:
                fields[name] = value
        return Given(Offer.model_validate(fields), files)


async def _content(file: UploadFile, number: int, settings: Settings) -> bytes | ImageError:
    limit = settings.images.max_bytes
    blob = await file.read(limit + 1)
    return blob if len(blob) <= limit else ImageError(f"upload:{number}", f"is larger than {limit:,} bytes")


def read_all(
    given: Given, listing: Listing, fetcher: Fetcher, settings: Settings
) -> dict[str, bytes | ImageError]:
    """The bytes of every photo, or why there are none, within the time and size of one request."""
    found = dict(given.files)
    ends = time.monotonic() + settings.scan.listing_timeout_seconds
    room = settings.service.max_request_bytes - sum(len(b) for b in found.values() if isinstance(b, bytes))
    for image in listing.images[: settings.scan.max_photos_per_listing]:
        if image in found:
            continue
        if time.monotonic() > ends or room <= 0:
            found[image] = ImageError(image, "was not fetched: the photos before took all the time or space")
            continue
        try:
            found[image] = blob = fetcher.fetch(image)
            room -= len(blob)
        except ImageError as error:
            found[image] = error
    return found
