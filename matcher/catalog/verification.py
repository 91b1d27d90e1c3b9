"""Checks that every catalog image has its file, descriptors and keypoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from matcher.catalog.features import REFERENCE_VIEWS, missing_descriptors, missing_keypoints
from matcher.catalog.image_store import ImageStore, stored_hash_of
from matcher.catalog.queries import groups, walk
from matcher.catalog.tables import images, photos, products
from matcher.errors import CatalogError
from matcher.records import ImageRole


@dataclass(frozen=True)
class CatalogReport:
    """What `verify_catalog` found, a line each: `problems` to mend (none: clean) and `notes` to know."""

    images: int
    photos: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def verify_catalog(
    connection: Connection,
    store: ImageStore,
    *,
    descriptors: str = "",
    keypoints: str = "",
    logos: str = "",
    view_set: str = REFERENCE_VIEWS,
) -> CatalogReport:
    """Every image's file is there with the bytes its row expects, and models have seen it.

    `descriptors`, `keypoints` and `logos` are the fingerprints of the embedder, the keypoint detector and the
    logo embedder; empty: not asked.
    Kept photos of listings are checked for their files too. Files that no row names are notes: `matcher
    purge` removes them. The place in the gallery is for the caller to check, with `live_images`.
    """
    problems: list[str] = []
    counted = 0
    for group in groups(_image_rows(connection), 500):
        counted += len(group)
        problems += [line for row in group for line in _file_problems(store, row, f"image {row.image_id}")]
        # Logos are matched by region, not among whole photos: another embedder has to have seen them.
        marks = [row for row in group if row.role == ImageRole.LOGO.value]
        searched = [row for row in group if row.role != ImageRole.LOGO.value]
        problems += _feature_problems(connection, searched, descriptors, keypoints, view_set)
        problems += _feature_problems(connection, marks, logos, keypoints if logos else "", view_set)
    kept = 0
    for row in _kept_photo_rows(connection):
        kept += 1
        problems += _file_problems(store, row, f"photo {row.photo_id} of listing row {row.listing_row}")
    notes = [f"file {name}: nothing names it" for name in orphan_files(connection, store)]
    return CatalogReport(counted, kept, tuple(problems), tuple(sorted(notes)))


def _feature_problems(
    connection: Connection, rows: list[Any], descriptors: str, keypoints: str, view_set: str
) -> Iterator[str]:
    hashes = [row.content_hash for row in rows]
    unseen = set(missing_descriptors(connection, hashes, descriptors, view_set)) if descriptors else set()
    blind = set(missing_keypoints(connection, hashes, keypoints)) if keypoints else set()
    for row in rows:
        for lacking, what in ((unseen, "descriptor"), (blind, "keypoints")):
            if row.content_hash in lacking:
                yield f"image {row.image_id} ({row.reference_id}): has no {what}"


def orphan_files(connection: Connection, store: ImageStore) -> Iterator[str]:
    """Content hashes of the files that neither an image nor a kept photo names, streaming."""
    for group in groups(store.iterate(), 500):
        named: set[str] = set()
        for table in (images, photos):
            query = select(table.c.content_hash).where(table.c.content_hash.in_(group))
            named.update(connection.execute(query.where(table.c.stored_hash != "")).scalars())
        yield from (content_hash for content_hash in group if content_hash not in named)


def _image_rows(connection: Connection) -> Iterator[Any]:
    query = select(
        images.c.image_id,
        images.c.role,
        images.c.content_hash,
        images.c.stored_hash,
        products.c.reference_id,
    ).join_from(images, products, products.c.product_id == images.c.product_id)
    return walk(connection, query, images.c.image_id)


def _kept_photo_rows(connection: Connection) -> Iterator[Any]:
    query = select(photos.c.photo_id, photos.c.listing_row, photos.c.content_hash, photos.c.stored_hash)
    return walk(connection, query.where(photos.c.stored_hash != ""), photos.c.photo_id)


def _file_problems(store: ImageStore, row: Any, who: str) -> list[str]:
    try:
        blob = store.get(row.content_hash)
    except CatalogError:
        return [f"{who}: its file {row.content_hash} is missing or cannot be read: import it again"]
    if stored_hash_of(blob) != row.stored_hash:
        return [f"{who}: its file {row.content_hash} is damaged: import it again"]
    return []
