"""`/c/banks`, `/c/bank/…`: a brand is a bank, and its references are the content."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, File, Form, Path, UploadFile
from pydantic import BaseModel, Field, JsonValue
from sqlalchemy import Connection

from matcher.catalog import (
    Product,
    add_brand,
    brand_name_of,
    find_brand,
    find_product,
    import_references,
    list_brands,
    product_of,
    put_image_hashes,
    remove_brand,
    remove_product,
    show_brand,
)
from matcher.errors import MissingError
from matcher.images import content_hash
from matcher.manifests import Row
from matcher.records import Brand, ImageRole, ReferenceRow
from matcher.service.access import Caller
from matcher.service.brands import Reader, Writer
from matcher.service.hma import pdq
from matcher.service.hma.lookups import ContentType, Url, fetched, sent
from matcher.service.paging import LARGEST
from matcher.service.problems import RESPONSES, RefusedError

router = APIRouter(prefix="/c", tags=["hasher-matcher-actioner"], responses=RESPONSES)
BankName = Annotated[str, Path(min_length=1, max_length=500)]
ContentId = Annotated[int, Path(ge=1, le=LARGEST)]


class BankConfig(BaseModel):
    """A bank; every one is always matched."""

    name: str
    matching_enabled_ratio: float = 1.0


class NewBank(BaseModel):
    """A bank by its name; `enabled` and `enabled_ratio` can only say that it is matched."""

    name: str = Field(min_length=1, max_length=500, pattern=r"\S")
    enabled: bool | None = None
    enabled_ratio: float | None = 1.0


class BankChange(BaseModel):
    """What is asked to change."""

    name: str | None = None
    enabled: bool | None = None
    enabled_ratio: float | None = None


class Metadata(BaseModel):
    """What is known of content: `content_id` is the reference's own id."""

    content_id: str | None = None
    content_uri: str | None = None


class Content(BaseModel):
    """A reference as content of its bank; `id` is its number."""

    id: int
    disable_until_ts: int = 0
    bank: BankConfig
    note: str | None = None
    original_media_uri: str | None = None
    signals: dict[str, str] | None = None
    metadata: Metadata | None = None


class Success(BaseModel):
    """It was done."""

    message: str


@router.get("/banks")
def banks(caller: Reader) -> list[BankConfig]:
    """The owner's brands."""
    with caller.read() as connection:
        return [BankConfig(name=one.name) for one in list_brands(connection, owner_id=caller.owner_id)]


@router.post("/banks", status_code=HTTPStatus.CREATED)
def add(caller: Writer, wanted: NewBank) -> BankConfig:
    """Add a brand, its name its wordmark; one that is there stays as it is."""
    _expect_on(wanted.enabled, wanted.enabled_ratio)
    with caller.write("brand.add", wanted.name) as connection:
        add_brand(connection, Brand(name=wanted.name, wordmarks=(wanted.name,)), owner_id=caller.owner_id)
        return BankConfig(name=show_brand(connection, wanted.name, owner_id=caller.owner_id).name)


@router.get("/bank/{bank_name}")
def show(caller: Reader, bank_name: BankName) -> BankConfig:
    """One brand."""
    with caller.read() as connection:
        return BankConfig(name=_named(connection, caller, bank_name))


@router.put("/bank/{bank_name}")
def change(caller: Writer, bank_name: BankName, wanted: BankChange) -> BankConfig:
    """Nothing can be changed this way; what is so already is fine."""
    _expect_on(wanted.enabled, wanted.enabled_ratio)
    with caller.read() as connection:
        name = _named(connection, caller, bank_name)
    if wanted.name not in (None, name):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "a brand keeps its name")
    return BankConfig(name=name)


@router.delete("/bank/{bank_name}")
def remove(caller: Writer, bank_name: BankName) -> Success:
    """Remove the brand with its references, logos and known counterfeits."""
    with caller.write("brand.remove", bank_name) as connection:
        remove_brand(connection, _named(connection, caller, bank_name), owner_id=caller.owner_id)
    return Success(message="the bank is removed")


@router.post("/bank/{bank_name}/content", status_code=HTTPStatus.CREATED)
def add_content(
    caller: Writer,
    bank_name: BankName,
    url: Url = "",
    content_type: ContentType = "photo",
    photo: Annotated[UploadFile | None, File(description="The photo, where no url is given.")] = None,
    metadata: Annotated[str, Form(max_length=10_000, description="JSON; content_id is kept.")] = "",
) -> Content:
    """Add a photo as a reference, by its content where `metadata` gives no content_id; again is no change."""
    if (photo is None) == (not url):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "give url, or a file named photo")
    with caller.read() as connection:
        name = _named(connection, caller, bank_name)
    blob = fetched(caller, url, content_type) if photo is None else sent(caller, photo)
    reference_id = _content_id(metadata) or content_hash(blob)
    _import(caller, name, reference_id, url, blob)
    with caller.read() as connection:
        found = find_product(connection, name, reference_id, owner_id=caller.owner_id)
    assert found is not None
    return _content(found, {pdq.KIND: _kept_pdq(caller, found, blob)} if pdq.is_available() else None)


@router.get("/bank/{bank_name}/content/{content_id}")
def show_content(caller: Reader, bank_name: BankName, content_id: ContentId) -> Content:
    """One reference of the brand."""
    with caller.read() as connection:
        return _content(_product(connection, caller, bank_name, content_id))


@router.delete("/bank/{bank_name}/content/{content_id}")
def remove_content(caller: Writer, bank_name: BankName, content_id: ContentId) -> Success:
    """Remove the reference with its images."""
    with caller.write("reference.remove", str(content_id)) as connection:
        one = _product(connection, caller, bank_name, content_id)
        remove_product(connection, one.brand, one.reference_id, one.role, owner_id=caller.owner_id)
    return Success(message="the content is removed")


def _named(connection: Connection, caller: Caller, bank: str) -> str:
    """The brand's name as it is written; raises `MissingError` where the owner has none of that name."""
    number = find_brand(connection, bank, owner_id=caller.owner_id)
    if number is None:
        raise MissingError("there is no such bank")
    return brand_name_of(connection, number, owner_id=caller.owner_id)


def _product(connection: Connection, caller: Caller, bank: str, content_id: int) -> Product:
    found = product_of(connection, content_id, owner_id=caller.owner_id)
    if found.brand != _named(connection, caller, bank):
        raise MissingError(f"there is no reference {content_id} in this bank")
    return found


def _expect_on(enabled: bool | None, ratio: float | None) -> None:
    if enabled is False or ratio not in (None, 1.0):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "a bank is always matched, and matched always")


def _content_id(metadata: str) -> str:
    """The `content_id` that the metadata gives, or nothing."""
    try:
        said: JsonValue = json.loads(metadata) if metadata else {}
    except (ValueError, RecursionError) as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "metadata is not JSON") from error
    found = said.get("content_id") if isinstance(said, dict) else None
    if found is not None and not (isinstance(found, str) and 0 < len(found.strip()) <= 500):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "metadata.content_id is a text of 1 to 500 characters")
    return found or ""


def _import(caller: Caller, brand: str, reference_id: str, url: str, blob: bytes) -> None:
    workspace = caller.service.workspace
    row, kind = ReferenceRow(reference_id=reference_id, images=(url or "photo",)), ImageRole.REFERENCE.value
    summary = import_references(
        workspace.database, workspace.store, [Row(1, row)], lambda _: blob,
        brand=brand, settings=workspace.settings.images, owner_id=caller.owner_id,
        record=caller.recording("reference.put", lambda _: f"{brand}: {kind} {reference_id}"),
    )  # fmt: skip
    if summary.failed:
        raise RefusedError(HTTPStatus.BAD_REQUEST, summary.failed[0].reason)
    if summary.added or summary.changed:
        caller.effected()


def _kept_pdq(caller: Caller, found: Product, blob: bytes) -> str:
    workspace = caller.service.workspace
    value = pdq.pdq_of(blob, "the photo", workspace.settings.images)
    with workspace.database.write() as connection:
        put_image_hashes(connection, pdq.KIND, {found.images[0].content_hash: value})
    return value


def _content(one: Product, signals: dict[str, str] | None = None) -> Content:
    uri = one.images[0].source if one.images and "://" in one.images[0].source else None
    return Content(
        id=one.product_id, bank=BankConfig(name=one.brand), signals=signals, original_media_uri=uri,
        metadata=Metadata(content_id=one.reference_id),
    )  # fmt: skip
