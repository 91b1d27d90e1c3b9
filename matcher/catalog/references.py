"""Puts products with their images into the catalog and takes them out, numbering what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, update

from matcher.catalog.brands import brand_id_of
from matcher.catalog.changes import ChangedImage, lock_catalog, record_changes
from matcher.catalog.products import CatalogImage, StoredImage, UnreadImage, find_row, images_of
from matcher.catalog.queries import check_key
from matcher.catalog.tables import DEFAULT_OWNER, images, photos, products
from matcher.errors import CatalogError, MissingError
from matcher.records import ImageRole, ReferenceRow

Outcome = Literal["added", "changed", "unchanged"]
_FACTS = ("title", "price", "currency", "gtin")


@dataclass(frozen=True)
class _Place:
    """Where an image belongs."""

    owner_id: int
    brand_id: int
    product_id: int
    role: ImageRole


def put_product(
    connection: Connection,
    brand: str,
    row: ReferenceRow,
    images: Sequence[StoredImage | UnreadImage],
    role: ImageRole = ImageRole.REFERENCE,
    *,
    owner_id: int = DEFAULT_OWNER,
) -> Outcome:
    """Make the product what `row` and `images` say; the key is brand, role and reference_id.

    A fact that `row` was not given (`model_fields_set`) stays as it is; one given empty is emptied.

    Images are told apart by content: one that stays keeps its image_id wherever it stands, a new one gets a
    new image_id, one that is no longer named is removed; a content named twice counts once. Only images
    that come or go are numbered as changes; one that merely has another path or URL now is no change. The
    files must be in the image store already. Raises `CatalogError` for an unknown brand, an empty or
    over-long reference_id, or no image.
    """
    lock_catalog(connection)
    if not any(isinstance(image, StoredImage) for image in images):
        raise CatalogError(f"reference '{row.reference_id}' has no image")
    brand_id = brand_id_of(connection, brand, owner_id=owner_id)
    found = find_row(connection, brand_id, row.reference_id, role)
    facts = {name: getattr(row, name) for name in _FACTS if found is None or name in row.model_fields_set}
    if found is None:
        product_id = _insert_product(connection, owner_id, brand_id, row.reference_id, role, facts)
    else:
        product_id = int(found.product_id)
    edited = found is not None and any(getattr(found, name) != value for name, value in facts.items())
    if edited:
        connection.execute(update(products).where(products.c.product_id == product_id).values(facts))
    moved = _put_images(connection, _Place(owner_id, brand_id, product_id, role), images)
    return "added" if found is None else "changed" if edited or moved else "unchanged"


def _insert_product(
    connection: Connection,
    owner_id: int,
    brand_id: int,
    reference_id: str,
    role: ImageRole,
    facts: dict[str, Any],
) -> int:
    check_key(reference_id, "the reference_id")
    key = {"owner_id": owner_id, "brand_id": brand_id, "role": role.value, "reference_id": reference_id}
    row = insert(products).values(key | facts).returning(products.c.product_id)
    return int(connection.execute(row).scalar_one())


def _put_images(connection: Connection, place: _Place, named: Sequence[StoredImage | UnreadImage]) -> bool:
    """Whether anything about the product's images changed."""
    known = {
        image.content_hash: image for image in images_of(connection, [place.product_id])[place.product_id]
    }
    wanted = _wanted(named, list(known.values()))
    gone = [image.image_id for content_hash, image in known.items() if content_hash not in wanted]
    _remove_images(connection, place, gone)
    changed = bool(gone)
    new: list[int] = []
    for position, image in enumerate(wanted.values()):
        facts = _facts(image, position)
        old = known.get(image.content_hash)
        if old is None:
            new.append(_insert_image(connection, place, facts))
        elif facts != _facts(old, old.position):
            connection.execute(update(images).where(images.c.image_id == old.image_id).values(facts))
            # Kept, to find the image by; but a folder and a table name one picture differently.
            changed = changed or facts != _facts(old, old.position) | {"source": image.source}
        expect_stored(connection, image.content_hash, image.stored_hash)
    record_changes(connection, "add", [_changed(place, image_id) for image_id in new])
    return changed or bool(new)


def _wanted(
    named: Sequence[StoredImage | UnreadImage], known: Sequence[CatalogImage]
) -> dict[str, StoredImage]:
    """The images to have, in order, by content hash."""
    by_source = {image.source: image for image in known}
    wanted: dict[str, StoredImage] = {}
    for name in named:
        image = by_source.get(name.source) if isinstance(name, UnreadImage) else name
        if image is not None:
            wanted.setdefault(image.content_hash, image)
    return wanted


def _facts(image: StoredImage, position: int) -> dict[str, Any]:
    return {
        "position": position,
        "source": image.source,
        "content_hash": image.content_hash,
        "stored_hash": image.stored_hash,
        "width": image.width,
        "height": image.height,
    }


def _changed(place: _Place, image_id: int) -> ChangedImage:
    return ChangedImage(place.owner_id, place.brand_id, image_id, place.role)


def _insert_image(connection: Connection, place: _Place, facts: dict[str, Any]) -> int:
    belongs = {
        "owner_id": place.owner_id,
        "brand_id": place.brand_id,
        "product_id": place.product_id,
        "role": place.role.value,
    }
    row = insert(images).values(belongs | facts).returning(images.c.image_id)
    return int(connection.execute(row).scalar_one())


def expect_stored(connection: Connection, content_hash: str, stored_hash: str) -> None:
    """One file serves every row of its content: when it is written anew, all expect the new bytes."""
    for table in (images, photos):
        other = table.c.stored_hash.not_in((stored_hash, ""))
        same = update(table).where(table.c.content_hash == content_hash, other)
        connection.execute(same.values(stored_hash=stored_hash))


def _remove_images(connection: Connection, place: _Place, image_ids: Sequence[int]) -> None:
    record_changes(connection, "remove", [_changed(place, image_id) for image_id in image_ids])
    for image_id in image_ids:
        connection.execute(delete(images).where(images.c.image_id == image_id))


def remove_product(
    connection: Connection,
    brand: str,
    reference_id: str,
    role: ImageRole = ImageRole.REFERENCE,
    *,
    owner_id: int = DEFAULT_OWNER,
) -> int:
    """Remove the product and its images; returns how many images went.

    Files are left for `sweep_images`. Raises `CatalogError` when the brand has no such product.
    """
    lock_catalog(connection)
    brand_id = brand_id_of(connection, brand, owner_id=owner_id)
    found = find_row(connection, brand_id, reference_id, role)
    if found is None:
        raise MissingError(f"brand '{brand}' has no {role} '{reference_id}'", "see `matcher catalog list`")
    image_ids = [image.image_id for image in images_of(connection, [found.product_id])[found.product_id]]
    _remove_images(connection, _Place(owner_id, brand_id, found.product_id, role), image_ids)
    connection.execute(delete(products).where(products.c.product_id == found.product_id))
    return len(image_ids)
