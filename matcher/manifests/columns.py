"""The columns of manifests under all their names, and the step that makes a record of a row's cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from matcher.manifests.prices import parse_price
from matcher.manifests.rows import MAX_CELL, MAX_ID, MAX_IMAGES, BadCellError, Cells, Unusable, shortened
from matcher.records import Listing, ReferenceRow

R = TypeVar("R", ReferenceRow, Listing)

_IMAGES = (
    "image", "images", "photo", "photos", "picture", "pictures", "image_link", "image_url", "image_urls",
    "image_path", "main_image", "main_image_url", "photo_url", "picture_url", "image_1", "image_2", "image_3",
    "image_4", "image_5", "image_6", "image_7", "image_8", "image_9", "additional_image_link",
    "additional_image_links", "additional_images",
)  # fmt: skip
_PRICES = {
    "price": ("price", "unit_price", "amount"),
    "currency": ("currency", "currency_code", "price_currency"),
}

REFERENCE_ALIASES: Mapping[str, tuple[str, ...]] = {
    "reference_id": ("reference_id", "id", "sku", "item_id", "product_id", "offer_id", "article_number"),
    "image": _IMAGES,
    "title": ("title", "name", "product_name", "product_title"),
    "brand": ("brand", "brand_name"),
    **_PRICES,
    "gtin": ("gtin", "gtin13", "ean", "ean13", "upc", "barcode"),
}
"""Column names of a catalog. The first name of a field that a file has is the one read; of images, all are.

Names are compared without regard to case, spaces, `-` and `_`, and without Google's `g:` prefix, so that
`Image Link`, `image-link`, `imageLink` and `g:image_link` are one. Other columns are ignored.
"""

LISTING_ALIASES: Mapping[str, tuple[str, ...]] = {
    "listing_id": ("listing_id", "id", "item_id", "sku", "offer_id", "product_id", "ad_id"),
    "image": _IMAGES,
    "title": ("title", "name", "listing_title", "product_name", "product_title"),
    "description": ("description", "body", "details"),
    **_PRICES,
    "seller_id": ("seller_id", "seller", "seller_name", "merchant_id", "merchant", "vendor", "shop", "store"),
    "url": ("url", "link", "listing_url", "product_url", "permalink"),
}
"""Column names of a listing manifest, read as `REFERENCE_ALIASES` are."""


@dataclass(frozen=True, eq=False)
class Schema(Generic[R]):
    """What kind of record a manifest is read for: its columns, those it cannot do without, and how one is
    made.
    """

    id_field: str
    aliases: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    make: Callable[[str, tuple[str, ...], Mapping[str, str]], R]
    """Of an id, images, and the texts of the other fields that the row has a column for, empty or not."""


def _listing(listing_id: str, images: tuple[str, ...], texts: Mapping[str, str]) -> Listing:
    price = parse_price(texts.get("price", ""), texts.get("currency", ""))
    return Listing(
        listing_id=listing_id,
        images=images,
        title=texts.get("title", ""),
        description=texts.get("description", ""),
        price=price.amount,
        currency=price.currency,
        seller_id=texts.get("seller_id", ""),
        url=texts.get("url", ""),
    )


def _reference(reference_id: str, images: tuple[str, ...], texts: Mapping[str, str]) -> ReferenceRow:
    if not images:
        raise BadCellError("no image")
    price = parse_price(texts.get("price", ""), texts.get("currency", ""))
    facts: dict[str, Any] = {name: texts[name] for name in ("title", "brand", "gtin") if name in texts}
    if "price" in texts:
        # An amount comes with its currency, known or not: it never takes on that of the amount before.
        facts |= {"price": price.amount, "currency": price.currency}
    elif "currency" in texts:
        facts["currency"] = price.currency
    return ReferenceRow(reference_id=reference_id, images=images, **facts)


REFERENCES: Schema[ReferenceRow] = Schema(
    "reference_id", REFERENCE_ALIASES, ("reference_id", "image"), _reference
)
LISTINGS: Schema[Listing] = Schema("listing_id", LISTING_ALIASES, ("listing_id",), _listing)


def normalised(name: str) -> str:
    """A column name as it is compared: `'\\ufeffg:Image Link '` is `'imagelink'`."""
    key = name.strip("\ufeff \t\r\n\v\f\u00a0").casefold().removeprefix("g:")
    return re.sub(r"[\s_\-]+", "", key)


_KNOWN = frozenset(
    normalised(alias)
    for table in (REFERENCE_ALIASES, LISTING_ALIASES)
    for aliases in table.values()
    for alias in aliases
)
_KNOWN_IDS = frozenset(
    normalised(alias) for schema in (REFERENCES, LISTINGS) for alias in schema.aliases[schema.id_field]
)
_IMAGE_KEYS = tuple(normalised(alias) for alias in _IMAGES)
_COMMA_JOINED = frozenset({"additionalimagelink", "additionalimagelinks"})


def is_known(name: str) -> bool:
    """Whether a column of this name is read by any schema."""
    return normalised(name) in _KNOWN


def is_id(name: str) -> bool:
    """Whether a column of this name may hold the id of a listing or reference."""
    return normalised(name) in _KNOWN_IDS


def is_image(name: str) -> bool:
    """Whether a column of this name holds images, and so may hold a list of them."""
    return normalised(name) in _IMAGE_KEYS


def missing_columns(
    names: tuple[str, ...], schema: Schema[R], required: tuple[str, ...] | None = None
) -> list[str]:
    """The `required` fields, else those that the schema requires, that no column of a file gives."""
    layout = _layout(names, schema)
    return [field for field in required or schema.required if not layout[field]]


def unread_columns(names: tuple[str, ...], schema: Schema[R]) -> tuple[str, ...]:
    """The named columns that no field is read from, as the file spells them, each once."""
    read = {at for columns in _layout(names, schema).values() for at in columns}
    return tuple(dict.fromkeys(name for at, name in enumerate(names) if at not in read and name.strip()))


@lru_cache(maxsize=512)
def _layout(names: tuple[str, ...], schema: Schema[R]) -> dict[str, tuple[int, ...]]:
    """Which columns each field is read from."""
    keys = [normalised(name) for name in names]
    layout: dict[str, tuple[int, ...]] = {}
    for field, aliases in schema.aliases.items():
        wanted = [normalised(alias) for alias in aliases]
        columns = [tuple(at for at, key in enumerate(keys) if key == alias) for alias in wanted]
        found = [column for column in columns if column]
        layout[field] = (
            tuple(at for column in found for at in column) if field == "image" else (found or [()])[0]
        )
    return layout


def record_id(cells: Cells, schema: Schema[R]) -> str:
    """The id of a row as far as it can be told, for a report about the row: empty if there is none, cut if
    long.
    """
    try:
        return _checked_id(cells, schema)
    except BadCellError:
        return ""


def to_record(cells: Cells, schema: Schema[R]) -> R:
    """The record in a row; raises `BadCellError` with the reason where there is none.

    Ids are taken as they stand, inner and outer spaces included; other texts are trimmed. A price that is
    given but cannot be read makes the row bad, as does a reference without an image; a listing may have none.
    """
    if cells.problem:
        raise BadCellError(cells.problem)
    identity = _checked_id(cells, schema)
    texts = {
        field: _text(cells, field, schema)
        for field, columns in _layout(cells.names, schema).items()
        if columns and field not in (schema.id_field, "image")
    }
    return schema.make(identity, _images(cells, schema), texts)


def _checked_id(cells: Cells, schema: Schema[R]) -> str:
    for at in _layout(cells.names, schema)[schema.id_field]:
        if at < len(cells.values) and cells.values[at].strip():
            identity = _usable(cells.values[at], schema.id_field)
            if len(identity) > MAX_ID:
                raise BadCellError(f"{schema.id_field} is longer than {MAX_ID} characters")
            return str(identity)
    raise BadCellError(f"{schema.id_field} is empty")


def _text(cells: Cells, field: str, schema: Schema[R]) -> str:
    for at in _layout(cells.names, schema)[field]:
        if at < len(cells.values) and cells.values[at]:
            text = _usable(cells.values[at], field)
            # A Numeral must stay one, for parse_price; no number has space around it.
            if trimmed := (text if type(text) is not str else text.strip()):
                return trimmed
    return ""


def _images(cells: Cells, schema: Schema[R]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for at in _layout(cells.names, schema)["image"]:
        if at >= len(cells.values) or not cells.values[at]:
            continue
        cell = _usable(cells.values[at], "image")
        if normalised(cells.names[at]) in _COMMA_JOINED:
            cell = re.sub(r"\s*,\s*(?=https?://)", "|", cell)
        found.update((part.strip(), None) for part in cell.split("|") if part.strip())
    if len(found) > MAX_IMAGES:
        raise BadCellError(f"more than {MAX_IMAGES} images")
    return tuple(found)


_SURROGATE = re.compile("[\ud800-\udfff]")


def _usable(cell: str, field: str) -> str:
    """The cell, if it is text that every database and file format can hold."""
    if isinstance(cell, Unusable):
        raise BadCellError(f"{field} {cell}")
    if len(cell) > MAX_CELL:
        raise BadCellError(f"{field} is longer than {MAX_CELL:,} characters")
    if "\0" in cell:
        raise BadCellError(f"{field} holds a NUL: {shortened(cell)}")
    if not cell.isascii() and _SURROGATE.search(cell):
        raise BadCellError(f"{field} holds half a character or an undecodable byte")
    return cell
